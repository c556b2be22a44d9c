// Lines by key, newest first. What arrives is shown; what is new is counted until the reader has seen it. A paused feed
// stands still and keeps what arrives; resumed, it shows all of that, however many lines it takes, until it was seen.
import { colour, declareColours, h, setText, settleColours } from "./dom.js";
import { tickTime } from "./format.js";
import { isNarrowed } from "./address.js";
import { Card } from "./card.js";
import { Picks, bait, pickable } from "./picking.js";
import { worded } from "./wording.js";

const MOST = 500; // lines kept while paused

export class FeedView {
  constructor(options, send) {
    this.options = options;
    this.send = send;
    this.card = new Card(options, { skeleton: options.limit, lines: options.limit, line: 35, more: -1 });
    this.more = h("button", { class: options.seen === "column" ? "more online" : "more", type: "button", hidden: true, onclick: () => this.see() });
    this.list = h("ul", { class: "feed" });
    this.empty = h("div", { class: "empty", hidden: true }, "No rows yet");
    declareColours(options.category, options.kinds);
    this.card.body.append(this.legend(), this.more, this.list, this.empty);
    if (options.select) this.picks = new Picks(this.card.body);
    this.items = new Map();
    this.rows = {};
    this.order = [];
    this.reached = []; // the server's order, which a paused feed and one that catches up differ from
    this.unseen = new Set();
    this.passed = 0; // new ones that newer ones have pushed out
    this.shown = options.limit;
    this.beyond = []; // lines from a pause that lie further back than the query reaches
    this.held = null; // while paused: what has arrived, newest first, and the latest order
    this.toggle = h("button", { class: "chip online", type: "button", onclick: () => (this.held ? this.resume() : this.pause()) }, "❚❚ Pause");
    if (options.pause) this.card.aside.append(this.toggle);
  }

  get node() { return this.card.node; }

  remove() { this.picks?.remove(); }

  // The kinds of lines there are, each of which can be selected for the whole page.
  legend() {
    const { category, kinds, legend, select } = this.options;
    const entries = (legend ? kinds : []).map((kind) => (
      pickable(h("button", { type: "button", class: "select" }, h("i", { class: "dot", style: `color:var(${colour(category, kind)})` }), kind), select, kind)
    ));
    return h("div", { class: "legend online" }, entries);
  }

  receive(picture) {
    if (picture.step) this.step(picture.step);
    else this.card.show(picture, (body) => this.draw(body));
  }

  draw({ rows, order }) {
    settleColours(this.options.category, Object.values(rows).flatMap(({ kind }) => kind ?? []));
    const isFirst = this.items.size === 0 && !this.drawn;
    this.drawn = true;
    this.reached = order;
    if (this.held) { this.hold(rows, order); return; }
    this.rows = Object.fromEntries(this.beyond.map((key) => [key, this.rows[key]]));
    this.merge(rows, order, !isFirst);
  }

  // An order that only grew at its front comes as what is new, and how many of the others are left.
  step({ rows, order, front, left }) {
    if (order) this.reached = order;
    else if (front) this.reached = [...front, ...this.reached.slice(0, left)];
    if (this.held) this.hold(rows, this.reached);
    else this.merge(rows, this.reached, true);
  }

  pause() {
    if (!this.drawn) return;
    this.held = { arrived: [], known: new Set(this.order), rows: { ...this.rows }, order: this.order };
    setText(this.toggle, "▶ Resume");
    this.count();
  }

  hold(rows, order) {
    const { held } = this;
    Object.assign(held.rows, rows);
    const last = order.findLastIndex((key) => held.known.has(key));
    const fresh = order.slice(0, last < 0 ? order.length : last).filter((key) => !held.known.has(key));
    const isGap = last < 0 && held.order.length > 0; // nothing known is left: there may have been more between
    held.isMore ||= isGap || fresh.length + held.arrived.length > MOST;
    held.arrived = [...fresh, ...held.arrived].slice(0, MOST);
    held.order = order;
    held.known = new Set([...held.arrived, ...order, ...this.order]);
    for (const key of Object.keys(held.rows)) if (!held.known.has(key)) delete held.rows[key];
    this.count();
  }

  // What lies further back than the query reaches was kept; what is missing within its reach has been deleted.
  resume() {
    const { arrived, rows, order } = this.held;
    const oldest = rows[order.at(-1)]?.at ?? 0, reached = new Set(order);
    this.beyond = [...arrived, ...this.beyond].filter((key) => !reached.has(key) && rows[key].at < oldest);
    this.held = null;
    setText(this.toggle, "❚❚ Pause");
    this.shown = Math.max(this.shown, arrived.filter((key) => reached.has(key)).length + this.beyond.length);
    this.merge(rows, order, false);
    for (const key of arrived) if (this.items.has(key)) this.arrive(key, this.items.get(key), true);
    this.count();
  }

  merge(rows, reached, isNews) {
    Object.assign(this.rows, rows);
    const whole = this.beyond.length ? [...new Set([...reached, ...this.beyond])] : reached;
    const order = whole.slice(0, this.shown);
    const lastKnown = order.findLastIndex((key) => this.items.has(key));
    let news = 0;
    for (const key of order) {
      const known = this.items.get(key);
      if (known && !(key in rows)) continue;
      const item = this.item(key, this.rows[key], known);
      if (known) continue;
      this.items.set(key, item);
      const isRefill = lastKnown >= 0 && order.indexOf(key) > lastKnown; // an older row in the place of one that went
      if (!isNews || isRefill) continue;
      this.arrive(key, item);
      news += 1;
    }
    this.order = whole;
    this.place(order, news);
    this.count();
  }

  arrive(key, item, isCaughtUp = false) {
    item.classList.add("arriving");
    item.addEventListener("animationend", () => item.classList.remove("arriving"), { once: true });
    if (this.options.seen === "browser" || isCaughtUp) this.unseen.add(key);
  }

  item(key, row, known) {
    const item = known ?? h("li", {}, h("i"), h("span"), h("time"));
    const [dot, text, time] = item.children;
    const tone = { ok: "--d-ok", warn: "--d-warn", bad: "--d-bad", plain: "--d-mute" }[this.options.tones[row.kind]];
    if (row.kind !== null) dot.style.setProperty("--dot", `var(${tone ?? colour(this.options.category, row.kind)})`);
    dot.title = row.kind ?? "";
    if (this.options.select && row.kind !== null) bait(dot, this.options.select, row.kind);
    text.replaceChildren(...worded(row.line));
    if (row.at === null) setText(time, "");
    else tickTime(time, row.at);
    return item;
  }

  place(order, news) {
    const kept = new Set(order);
    let gone = 0;
    for (const [key, item] of this.items) {
      if (kept.has(key)) continue;
      item.remove();
      this.items.delete(key);
      gone += this.unseen.delete(key);
    }
    const known = new Set(this.order);
    for (const key of Object.keys(this.rows)) if (!known.has(key)) delete this.rows[key];
    this.passed += Math.min(gone, news);
    order.forEach((key, place) => {
      const item = this.items.get(key);
      if (this.list.children[place] !== item) this.list.insertBefore(item, this.list.children[place] ?? null);
    });
    this.empty.hidden = this.order.length > 0;
    setText(this.empty, isNarrowed() ? "No rows match" : "No rows yet");
  }

  isUnseen(key) {
    return this.options.seen === "column" ? this.rows[key].seen === false : this.unseen.has(key);
  }

  count() {
    let count = this.passed;
    for (const [key, item] of this.items) {
      const isUnseen = this.isUnseen(key);
      item.classList.toggle("unseen", isUnseen);
      count += isUnseen;
    }
    if (this.held) count = this.held.arrived.length;
    const isMore = this.held?.isMore;
    this.more.hidden = count === 0;
    setText(this.more, `${count.toLocaleString()}${isMore ? "+" : ""} new · ${this.held ? "show" : "mark as seen"}`);
  }

  see() {
    if (this.held) { this.resume(); return; }
    const keys = this.order.filter((key) => this.items.has(key) && this.isUnseen(key));
    this.unseen.clear();
    this.passed = 0;
    this.shown = this.options.limit;
    this.beyond = [];
    this.send({ event: "seen", value: keys });
    this.merge({}, this.reached, false);
  }
}
