// A bar for each row, by key. What is complete says so by more than its colour.
import { colour, h, setText, settleColours } from "./dom.js";
import { isNarrowed } from "./address.js";
import { Card } from "./card.js";
import { localNumber } from "./format.js";
import { Picks, pickable } from "./picking.js";

const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

export class ProgressView {
  constructor(options) {
    this.options = options;
    this.card = new Card(options, { skeleton: 5, lines: 5, line: 40, more: -10 });
    this.list = h("ul", { class: "bars" });
    this.empty = h("div", { class: "empty", hidden: true }, "No rows yet");
    this.more = h("small", { class: "mute" });
    this.card.body.append(this.list, this.more, this.empty);
    if (options.select) this.picks = new Picks(this.list);
    this.items = new Map();
    this.rows = {};
    this.order = [];
  }

  get node() { return this.card.node; }

  remove() { this.picks?.remove(); }

  receive(picture) {
    if (picture.step) this.merge(picture.step);
    else this.card.show(picture, (body) => { this.rows = {}; this.merge(body); });
  }

  merge({ rows, order = this.order, left_out: leftOut }) {
    Object.assign(this.rows, rows);
    settleColours(this.options.category, Object.values(rows).flatMap(({ kind }) => kind ?? []));
    for (const [key, row] of Object.entries(rows)) {
      if (!this.items.has(key)) this.items.set(key, newBar());
      this.write(this.items.get(key), row);
    }
    const kept = new Set(order);
    for (const [key, item] of this.items) {
      if (kept.has(key)) continue;
      item.node.remove();
      this.items.delete(key);
    }
    order.forEach((key, place) => {
      const { node } = this.items.get(key);
      if (this.list.children[place] !== node) this.list.insertBefore(node, this.list.children[place] ?? null);
    });
    this.order = order;
    this.empty.hidden = order.length > 0;
    setText(this.empty, isNarrowed() ? "No rows match" : "No rows yet");
    if (leftOut !== undefined) setText(this.more, leftOut ? `${leftOut.toLocaleString()} more not shown` : "");
  }

  write(item, row) {
    if (this.options.select) pickable(item.node, this.options.select, row.label);
    const { label, below, text, total, share, kind } = row;
    const isDone = this.options.counts && share === 1;
    setText(item.label, label);
    setText(item.below, below ?? "");
    setText(item.text, total === null ? localNumber(text) : `${localNumber(text)} of ${localNumber(total)}`);
    setText(item.share, share === null ? "" : isDone ? "✓" : (share < 0.1 && !this.options.counts ? precise : percent).format(share));
    item.fill.style.width = `${(share ?? 0) * 100}%`;
    item.fill.classList.toggle("done", isDone);
    if (kind !== null) item.fill.style.setProperty("--fill", `var(${colour(this.options.category, kind)})`);
    item.track.setAttribute("aria-valuenow", Math.round((share ?? 0) * 100));
    item.track.setAttribute("aria-valuetext", total === null ? text : `${text} of ${total}`);
    item.track.setAttribute("aria-label", label);
  }
}

function newBar() {
  const label = h("span", { class: "label" }), below = h("small", { class: "mute" });
  const text = h("span"), share = h("span", { class: "mute" });
  const fill = h("i"), track = h("div", { class: "track", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const node = h("li", {}, h("div", { class: "line" }, h("span", {}, label, " ", below), h("span", { class: "figures" }, text, share)), track);
  return { node, label, below, text, share, track, fill };
}
