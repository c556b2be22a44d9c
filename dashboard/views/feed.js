// Lines by key, newest first. What arrives is shown; what is new is counted until the reader has seen it.
import { colour, h, setText } from "./dom.js";
import { tickTime } from "./format.js";
import { Card } from "./card.js";

export class FeedView {
  constructor(options, send) {
    this.options = options;
    this.send = send;
    this.card = new Card(options, { skeleton: 6 });
    this.more = h("button", { class: "more", type: "button", hidden: true, onclick: () => this.see() });
    this.list = h("ul", { class: "feed" });
    this.empty = h("div", { class: "empty", hidden: true }, "No rows yet");
    this.card.body.append(this.more, this.list, this.empty);
    this.items = new Map();
    this.rows = {};
    this.order = [];
    this.unseen = new Set();
    this.passed = 0; // new ones that newer ones have pushed out
  }

  get node() { return this.card.node; }

  receive(picture) {
    if (picture.step) this.step(picture.step);
    else this.card.show(picture, (body) => this.draw(body));
  }

  draw({ rows, order }) {
    const isFirst = this.items.size === 0 && !this.drawn;
    this.drawn = true;
    this.rows = {};
    this.merge(rows, order, !isFirst);
  }

  step({ rows, order }) { this.merge(rows, order ?? this.order, true); }

  merge(rows, order, isNews) {
    Object.assign(this.rows, rows);
    const lastKnown = order.findLastIndex((key) => this.items.has(key));
    let news = 0;
    for (const key of Object.keys(rows)) {
      const known = this.items.get(key);
      const item = this.item(key, this.rows[key], known);
      if (known) continue;
      this.items.set(key, item);
      const isRefill = lastKnown >= 0 && order.indexOf(key) > lastKnown; // an older row in the place of one that went
      if (!isNews || isRefill) continue;
      this.arrive(key, item);
      news += 1;
    }
    this.order = order;
    this.place(news);
    this.count();
  }

  arrive(key, item) {
    item.classList.add("arriving");
    item.addEventListener("animationend", () => item.classList.remove("arriving"), { once: true });
    if (this.options.seen === "browser") this.unseen.add(key);
  }

  item(key, row, known) {
    const item = known ?? h("li", {}, h("i"), h("span"), h("time"));
    const [dot, text, time] = item.children;
    if (row.kind !== null) dot.style.setProperty("--dot", `var(${colour(this.options.category, row.kind)})`);
    dot.title = row.kind ?? "";
    text.replaceChildren(...row.line.map(([style, piece]) => (style === "b" ? h("b", {}, piece) : piece)));
    if (row.at === null) setText(time, "");
    else tickTime(time, row.at);
    return item;
  }

  place(news) {
    const kept = new Set(this.order);
    let gone = 0;
    for (const [key, item] of this.items) {
      if (kept.has(key)) continue;
      item.remove();
      this.items.delete(key);
      gone += this.unseen.delete(key);
      delete this.rows[key];
    }
    this.passed += Math.min(gone, news);
    this.order.forEach((key, place) => {
      const item = this.items.get(key);
      if (this.list.children[place] !== item) this.list.insertBefore(item, this.list.children[place] ?? null);
    });
    this.empty.hidden = this.order.length > 0;
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
    this.more.hidden = count === 0;
    setText(this.more, `${count.toLocaleString()} new · mark as seen`);
  }

  see() {
    const keys = this.order.filter((key) => this.isUnseen(key));
    this.unseen.clear();
    this.passed = 0;
    this.send({ event: "seen", value: keys });
    if (this.options.seen === "browser") this.count();
  }
}
