// Rows by their state: cards by key, which change lanes as their state changes.
import { colour, declareColours, h, setText } from "./dom.js";
import { Card } from "./card.js";
import { clockNode } from "./cells.js";
import { Picks, pickable } from "./picking.js";
import { worded } from "./wording.js";

const NARROWEST = 200, HEIGHT = 56, GAP = 6; // px of a card, and between two; as in views.css

export class LanesView {
  constructor(options) {
    this.options = options;
    this.card = new Card(options, { skeleton: 4, lines: options.height, line: 56, more: 62 });
    const shares = options.shares.length ? options.shares : options.lanes.map(() => 1);
    const columns = shares.map((share) => `minmax(0, ${share}fr)`).join(" ");
    this.sheet = h("div", { class: "lanes", style: `--columns:${columns};--height:${options.height}` });
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this.sheet);
    this.card.body.append(this.sheet);
    if (options.select) this.picks = new Picks(this.sheet);
    this.lanes = new Map();
    this.items = new Map();
    this.rows = {};
    this.order = [];
    declareColours(options.by, options.lanes.map(([lane]) => lane));
    options.lanes.forEach(([lane, label], place) => this.add(lane, label, shares[place]));
  }

  get node() { return this.card.node; }

  remove() {
    this.watcher.disconnect();
    this.picks?.remove();
  }

  receive(picture) {
    if (picture.step) this.merge(picture.step, true);
    else this.card.show(picture, (body) => { this.rows = {}; this.merge(body, this.items.size > 0); });
  }

  add(lane, label, share = 1) {
    const count = h("b", {}, "0"), list = h("ul"), empty = h("p", { class: "mute" }, this.options.nothing);
    const dot = h("i", { class: "dot", style: `color:var(${colour(this.options.by, lane)})` });
    const node = h("section", { class: "lane", "aria-label": label, style: `--share:${share}` }, h("h3", {}, dot, this.heading(lane, label), " ", count), list, empty, h("p", { class: "mute rest" }));
    this.lanes.set(lane, { count, list, empty, rest: node.lastChild });
    this.sheet.append(node);
  }

  // The name of a lane may select it for the whole page.
  heading(lane, label) {
    const { select } = this.options;
    return select ? pickable(h("button", { type: "button", class: "pick" }, label), select, lane) : label;
  }

  merge({ rows, order = this.order, counts }, isNews) {
    Object.assign(this.rows, rows);
    this.order = order;
    const kept = new Set(order);
    for (const [key, item] of this.items) {
      if (kept.has(key)) continue;
      item.node.remove();
      this.items.delete(key);
      delete this.rows[key];
    }
    for (const [key, row] of Object.entries(rows)) if (kept.has(key)) this.write(key, row, isNews);
    const next = new Map();
    for (const key of order) {
      const { lane } = this.rows[key];
      const { list } = this.lane(lane), place = next.get(lane) ?? 0, { node } = this.items.get(key);
      if (list.children[place] !== node) list.insertBefore(node, list.children[place] ?? null);
      next.set(lane, place + 1);
    }
    this.counts = counts;
    this.fit();
  }

  // Show as many cards as a lane has room for; say how many there are beyond.
  fit() {
    for (const [lane, { count, list, empty, rest }] of this.lanes) {
      const cards = [...list.children], all = this.counts?.[lane] ?? cards.length;
      const across = Math.max(1, Math.floor((list.clientWidth + GAP) / (NARROWEST + GAP)));
      const room = across * Math.max(1, Math.round(list.clientHeight / HEIGHT));
      cards.forEach((card, place) => { card.hidden = place >= room; });
      setText(count, all.toLocaleString());
      empty.hidden = all > 0;
      setText(rest, all > Math.min(room, cards.length) ? `and ${(all - Math.min(room, cards.length)).toLocaleString()} more` : "");
    }
  }

  lane(name) {
    if (!this.lanes.has(name)) this.add(name, name);
    return this.lanes.get(name);
  }

  write(key, row, isNews) {
    let item = this.items.get(key);
    if (!item) this.items.set(key, item = { node: h("li", {}, h("span"), h("span", { class: "at" }), h("small", { class: "mute" })) });
    const [text, at, below] = item.node.children;
    text.replaceChildren(...worded(row.line));
    below.replaceChildren(...worded(row.below));
    if (item.at !== row.at) at.replaceChildren(...(row.at === null ? [] : [clockNode(row.at, false)]));
    if (isNews && item.lane !== row.lane) this.arrive(item.node);
    item.at = row.at;
    item.lane = row.lane;
  }

  arrive(node) {
    node.classList.remove("arriving");
    void node.offsetWidth;
    node.classList.add("arriving");
  }
}
