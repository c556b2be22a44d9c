// A thread of comments, oldest first, and where one writes. A draft is kept in this browser until the thread shows it as said: a
// page that is loaded again, a cut and a refusal lose nothing. What is written is text, never markup.
import { isAlone, link } from "./channel.js";
import { colour, h, setText } from "./dom.js";
import { tickTime } from "./format.js";
import { keepGuest } from "./guest.js";
import { Card } from "./card.js";

const FEW = 400; // characters left from which on they are counted

export class CommentsView {
  constructor(options, send) {
    this.options = options;
    this.send = send;
    this.rows = {};
    this.order = [];
    this.items = new Map();
    this.card = new Card(options, { skeleton: 2 });
    this.list = h("ol", { class: "thread", role: "log", "aria-label": options.title });
    this.empty = h("p", { class: "mute", hidden: true }, "Nobody has said anything yet.");
    this.problem = h("p", { class: "problem", hidden: true });
    this.input = this.field("Write a comment", () => this.say(), () => this.keep());
    this.button = h("button", { type: "button", class: "chip", onclick: () => this.say() }, "Comment");
    this.left = h("span", { role: "status" });
    this.form = h("div", { class: "write online" }, this.input, h("div", {}, this.button, h("span", { class: "mute", "aria-hidden": "true" }, "Ctrl+Enter"), this.left));
    this.card.body.append(this.list, this.empty, this.problem, this.form);
    const kept = JSON.parse(sessionStorage.getItem(this.place) ?? "null");
    this.id = kept?.id ?? newId();
    this.isSent = false;
    this.input.value = kept?.text ?? "";
    fit(this.input);
    if (options.guest) keepGuest(options.guest);
    this.onLink = () => this.settle();
    link.addEventListener("change", this.onLink);
    this.settle();
  }

  get node() { return this.card.node; }

  get place() { return `dashboard-draft ${this.options.me} ${this.options.place}`; }

  remove() { link.removeEventListener("change", this.onLink); }

  field(label, done, changed) {
    return h("textarea", {
      rows: 1, "aria-label": label, placeholder: label,
      oninput: ({ target }) => { fit(target); changed(); },
      onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); done(); } },
    });
  }

  keep() {
    if (this.input.value.trim()) sessionStorage.setItem(this.place, JSON.stringify({ id: this.id, text: this.input.value }));
    else sessionStorage.removeItem(this.place);
    this.settle();
  }

  // While the connection is cut nothing can be said; what was sent then is sent again, under its own name.
  settle() {
    if (link.state !== "open") this.isSent = false;
    const fits = this.fits(this.input, this.left);
    this.button.disabled = this.isSent || link.state !== "open" || isAlone() || !this.input.value.trim() || !fits;
  }

  // Whether it is not too long, as PostgreSQL counts; told when there is little room left. Nothing is cut off.
  fits(input, told) {
    const left = this.options.longest - [...input.value.trim()].length;
    setText(told, left < 0 ? `too long by ${(-left).toLocaleString()}` : left < FEW ? `${left} left` : "");
    told.className = left < 0 ? "problem" : "mute";
    return left >= 0;
  }

  say() {
    this.settle();
    if (this.button.disabled) return;
    this.isSent = true;
    this.settle();
    this.send({ event: "say", value: { id: this.id, text: this.input.value } });
  }

  receive(picture) {
    if (picture.step) this.take(picture.step);
    else this.card.show(picture, (body) => { this.rows = {}; this.take(body); this.give(body.returned); });
  }

  take({ rows, order }) {
    Object.assign(this.rows, rows);
    this.order = order ?? this.order;
    for (const key of Object.keys(this.rows)) if (!this.order.includes(key)) delete this.rows[key];
    if (this.rows[this.id]) this.begin();
    this.draw();
  }

  // The thread shows what was written: on to the next.
  begin() {
    this.id = newId();
    this.isSent = false;
    this.input.value = "";
    fit(this.input);
    this.keep();
  }

  // What was refused comes back to where it was written; what has been begun there meanwhile stays below it.
  give(returned) {
    this.problem.hidden = !returned;
    setText(this.problem, returned?.problem ?? "");
    const told = JSON.stringify(returned);
    if (told === this.told) return;
    this.told = told;
    if (!returned) return;
    if (returned.deed === "edit" && this.rows[returned.id]) this.edit(returned.id, returned.text);
    if (returned.deed !== "say" || this.rows[returned.id]) return; // said twice, and it is there
    this.isSent = false;
    if (returned.id !== this.id) this.input.value = [returned.text, this.input.value].filter((text) => text.trim()).join("\n\n");
    this.id = newId();
    fit(this.input);
    this.keep();
  }

  draw() {
    for (const [key, item] of this.items) if (!this.rows[key]) { item.remove(); this.items.delete(key); }
    this.order.forEach((key, place) => {
      const item = this.items.get(key) ?? this.item(key);
      this.fill(item, this.rows[key]);
      if (this.list.children[place] !== item) this.list.insertBefore(item, this.list.children[place] ?? null);
    });
    this.empty.hidden = this.order.length > 0;
    setText(this.card.aside, this.order.length ? this.order.length.toLocaleString() : "");
  }

  item(key) {
    const row = this.rows[key];
    const drop = h("button", { type: "button", class: "act", onclick: () => this.drop(key, drop), onblur: () => setText(drop, "Delete") }, "Delete");
    const tools = row.person === this.options.me
      ? h("span", { class: "tools online" }, h("button", { type: "button", class: "act", onclick: () => this.edit(key) }, "Edit"), drop) : null;
    const face = h("i", { style: `--dot:var(${colour("person", row.name)})`, "aria-hidden": "true" });
    const item = h("li", {}, face, h("div", {}, h("b", {}, row.name), " ", h("time"), h("small", { class: "mute" }), h("p"), tools));
    this.items.set(key, item);
    return item;
  }

  fill(item, row) {
    setText(item.querySelector("p"), row.body);
    tickTime(item.querySelector("time"), row.at);
    setText(item.querySelector("small"), row.edited === null ? "" : " · edited");
  }

  drop(key, button) {
    if (button.textContent === "Delete") { setText(button, "Delete for good"); return; }
    this.send({ event: "delete", value: { id: key } });
  }

  edit(key, text = this.rows[key].body) {
    const item = this.items.get(key), words = item.querySelector("p"), tools = item.querySelector(".tools");
    item.querySelector(".write")?.remove();
    const seen = this.rows[key].body;
    const left = h("span", { role: "status" });
    const done = () => {
      if (!this.fits(input, left)) return;
      const now = input.value;
      close();
      if (now.trim() && now.trim() !== seen) this.send({ event: "edit", value: { id: key, text: now, seen } });
    };
    const close = () => { form.remove(); words.hidden = tools.hidden = false; tools.firstChild.focus(); };
    const input = this.field("Change the comment", done, () => this.fits(input, left));
    input.value = text;
    input.addEventListener("keydown", ({ key: pressed }) => { if (pressed === "Escape") close(); });
    const form = h("div", { class: "write" }, input, h("div", {}, h("button", { type: "button", class: "chip", onclick: done }, "Save"), h("button", { type: "button", class: "chip", onclick: close }, "Cancel"), left));
    words.hidden = tools.hidden = true;
    words.after(form);
    fit(input);
    input.focus();
  }
}

function fit(input) {
  const lines = input.value.split("\n").reduce((sum, line) => sum + 1 + Math.floor(line.length / 80), 0);
  input.rows = Math.min(10, Math.max(1, lines));
}

// A random UUID; crypto.randomUUID is for secure addresses only.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
