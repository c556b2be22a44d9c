// Alerts: how many are new, what they were, and how one wants to be told. What arrives is said as a toast, and by the browser
// itself where the reader has asked for that and looks elsewhere.
import { h, setText, svg } from "./dom.js";
import { clockTime, serverTime, tickTime, timeZone } from "./format.js";
import { Menu, check } from "./menu.js";
import { toast } from "./toast.js";

const NOTIFY = "dashboard-notifications";
const TOASTS = "dashboard-toasts"; // the least severity that is said on the page; of this browser
const SEVERITY_TONES = { info: "plain", warning: "warn", critical: "bad" };
const SEVERITIES = ["info", "warning", "critical", "none"];
const STILL_NEWS = 60000; // ms that what arrives may be old and still be said
const MANY_NEWS = 3;
const LINES_SHOWN = 4;

export class BellView {
  constructor(options, send) {
    this.options = options;
    this.send = send;
    this.rows = {};
    this.order = [];
    this.seen = 0;
    this.silenced = [];
    this.known = null; // keys that were there, with their ends and when they were told
    this.badge = h("b", { class: "count", hidden: true });
    const icon = svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
      svg("path", { d: "M8 1.5a4 4 0 0 0-4 4c0 4-1.5 5.5-1.5 5.5h11S12 9.5 12 5.5a4 4 0 0 0-4-4zM6.5 13.5a1.6 1.6 0 0 0 3 0", fill: "none", stroke: "currentColor", "stroke-width": 1.4, "stroke-linecap": "round", "stroke-linejoin": "round" }));
    this.list = h("ul", { class: "feed alerts" });
    this.empty = h("p", { class: "mute" }, "Nothing has happened yet.");
    this.foot = h("div", { class: "foot" });
    this.menu = new Menu(h("span", { class: "bell-icon" }, icon, this.badge), "Alerts", () => this.sheet());
    this.menu.sheet.classList.add("alerts-sheet");
    this.node = h("div", { class: "bell", hidden: true }, this.menu.node);
    this.attend();
  }

  remove() { this.menu.close(); }

  receive({ state, body, step }) {
    if (state === "error") { this.node.hidden = true; return; }
    if (body) [this.rows, this.order] = [body.rows, body.order];
    if (step) {
      Object.assign(this.rows, step.rows);
      if (step.order) this.order = step.order;
    }
    const { seen, silenced, places } = body ?? {};
    if (body) [this.seen, this.silenced, this.places] = [seen ?? 0, silenced, places];
    if (!body && !step) return;
    this.node.hidden = false;
    for (const key of Object.keys(this.rows)) if (!this.order.includes(key)) delete this.rows[key];
    this.tell();
    this.draw();
  }

  // Say what is new since the last time; nothing of what was there when the page came.
  tell() {
    const before = this.known;
    this.known = new Map(this.order.map((key) => [key, this.rows[key]]));
    if (before === null) return;
    const isFresh = (at) => serverTime() - at < STILL_NEWS;
    const fired = this.order.filter((key) => this.rows[key].at !== before.get(key)?.at && isFresh(this.rows[key].at)); // or told again
    const ended = this.order.filter((key) => before.has(key) && before.get(key).end === null && this.rows[key].end !== null);
    const heard = (key) => !this.isSilenced(this.rows[key].rule) && SEVERITIES.indexOf(this.rows[key].severity) >= SEVERITIES.indexOf(this.least);
    const news = [...fired.filter((key) => this.rows[key].end === null), ...ended].filter(heard);
    if (news.length > MANY_NEWS) this.announce("alerts", { title: `${news.length} new alerts`, text: this.rows[news[0]].title, tone: "warn" });
    else for (const key of news.reverse()) this.announce(key, this.words(key));
  }

  words(key) {
    const { title, lines, severity, end } = this.rows[key];
    if (end !== null) return { title: `Resolved: ${title}`, text: lines[0] ?? "", tone: "ok" };
    return { title, text: lines.slice(0, 2).join(" · "), tone: SEVERITY_TONES[severity] };
  }

  announce(key, words) {
    if (document.hidden && this.isWanted()) {
      const shown = new Notification(words.title, { body: words.text, tag: key });
      shown.onclick = () => { window.focus(); shown.close(); };
    }
    toast({ ...words, key: `alert ${key}`, actions: [{ label: "Show", act: () => this.menu.sheet.showPopover() }] });
  }

  draw() {
    const count = this.order.filter((key) => this.isNew(key)).length;
    this.badge.hidden = count === 0;
    setText(this.badge, count > 9 ? "9+" : String(count));
    this.menu.button.setAttribute("aria-label", count ? `Alerts, ${count} new` : "Alerts");
    this.items ??= new Map();
    for (const [key, item] of this.items) if (!this.rows[key]) { item.remove(); this.items.delete(key); }
    this.order.forEach((key, place) => {
      const item = this.items.get(key) ?? this.item(key);
      this.fill(item, this.rows[key], key);
      if (this.list.children[place] !== item) this.list.insertBefore(item, this.list.children[place] ?? null);
    });
    this.empty.hidden = this.order.length > 0;
    if (this.menu.isOpen) this.drawFoot();
  }

  isSilenced(rule) { return this.silenced.some(([name, until]) => (name === rule || name === null) && until > serverTime()); }

  isNew(key) { return this.rows[key].at > this.seen; }

  item(key) {
    const item = h("li", {}, h("i"), h("div", {}, h("b"), h("span", { class: "lines" }), h("button", { type: "button", class: "act" })), h("time"));
    item.querySelector("button").addEventListener("click", () => {
      const { rule } = this.rows[key];
      this.send(this.isSilenced(rule) ? { event: "speak", value: rule } : { event: "silence", value: rule });
    });
    this.items.set(key, item);
    return item;
  }

  fill(item, row, key) {
    const [dot, text, time] = item.children, [title, lines, button] = text.children;
    const isLast = this.order.find((other) => this.rows[other].rule === row.rule) === key; // of what may come again
    const tone = { plain: "--d-mute", warn: "--d-warn", bad: "--d-bad" }[SEVERITY_TONES[row.severity]];
    dot.style.setProperty("--dot", `var(${row.end !== null ? "--d-ok" : tone})`);
    dot.title = row.end !== null ? "resolved" : row.severity;
    setText(title, row.end !== null ? `${row.title} · resolved ${clockTime(row.end)}` : row.title);
    const few = row.lines.length > LINES_SHOWN ? [...row.lines.slice(0, LINES_SHOWN - 1), `and ${row.instances - LINES_SHOWN + 1} more`] : row.lines;
    if (lines.textContent !== few.join("")) lines.replaceChildren(...few.map((line) => h("small", {}, line)));
    const isSilenced = this.isSilenced(row.rule);
    button.hidden = !isLast || (row.end !== null && !isSilenced);
    setText(button, isSilenced ? "Silenced · hear it again" : "Silence for 1 h");
    item.classList.toggle("unseen", this.isNew(key));
    tickTime(time, row.at);
  }

  sheet() {
    if (this.order.length) this.send({ event: "seen", value: Math.max(...this.order.map((key) => this.rows[key].at)) });
    this.send({ event: "places" });
    this.drawFoot();
    return [h("h3", {}, "Alerts"), this.foot, this.empty, this.list];
  }

  // Browser notifications, asked for by a click only; and the ways out that there are.
  drawFoot() {
    const shown = JSON.stringify([this.places, this.isWanted()]);
    if (shown === this.drawn) return; // what somebody has begun to write stays
    this.drawn = shown;
    const mayAsk = "Notification" in window && Notification.permission !== "denied";
    const own = mayAsk ? check("Notify me when I look elsewhere", this.isWanted(), (is) => this.want(is)) : null;
    const said = h("select", { onchange: ({ target }) => localStorage.setItem(TOASTS, target.value) },
      SEVERITIES.map((one) => h("option", { value: one, selected: one === this.least }, one === "none" ? one : `from ${one}`)));
    const elsewhere = this.places?.length === 0 ? h("p", { class: "mute" }, "Nothing goes out by e-mail or chat here yet. Whoever looks after the server can add that.") : null;
    this.foot.replaceChildren(...[own, h("label", { class: "least" }, "Messages on the page", said), elsewhere, ...(this.places ?? []).map((place) => this.place(place))].filter(Boolean));
  }

  get least() { return localStorage.getItem(TOASTS) ?? "info"; }

  isWanted() { return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(NOTIFY) === "on"; }

  async want(is) {
    const permission = is ? await Notification.requestPermission() : "default";
    localStorage.setItem(NOTIFY, permission === "granted" ? "on" : "off");
    this.attend();
    this.drawFoot();
  }

  attend() { setTimeout(() => this.send({ event: "attend", value: this.isWanted() }), 0); }

  place({ name, personal, on, address, minimum, from, until }) {
    const field = (label, input) => h("label", {}, label, input);
    const to = personal ? h("input", { type: "text", autocomplete: "email", maxlength: 200, value: address, required: true }) : null;
    const least = h("select", {}, ["info", "warning", "critical"].map((one) => h("option", { value: one, selected: one === minimum }, one)));
    const quiet = [h("input", { type: "time", value: from ?? "", "aria-label": "Quiet from" }), h("input", { type: "time", value: until ?? "", "aria-label": "Quiet until" })];
    const save = (event) => {
      event.preventDefault();
      this.send({ event: "prefer", value: { contact_point: name, address: to?.value ?? "", minimum: least.value, from: quiet[0].value, until: quiet[1].value, zone: timeZone } });
    };
    const off = on ? h("button", { type: "button", class: "chip", onclick: () => this.send({ event: "leave", value: name }) }, "Turn off") : null;
    return h("details", {}, h("summary", {}, on ? [name, address, `from ${minimum}`, from && `quiet ${from} to ${until}`].filter(Boolean).join(" · ") : `${name} · off`), h("form", { onsubmit: save },
      to && field("Address", to), field("From severity", least), field("Quiet, but for what is critical", h("span", {}, ...quiet)),
      h("div", {}, h("button", { type: "submit", class: "chip" }, "Save"), off)));
  }
}
