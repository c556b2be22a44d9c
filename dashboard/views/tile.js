// A number: its text comes formatted from the server.
import { h, setText, svg } from "./dom.js";
import { Card } from "./card.js";
import { localNumber } from "./format.js";
import { Picks, pickable } from "./picking.js";

export class TileView {
  constructor(options) {
    this.card = new Card({ ...options, caption: "" }, { className: options.compared ? "tile compared" : "tile", skeleton: 2, head: false });
    this.card.body.className = "foot";
    const { node, body } = this.card;
    this.value = h("span");
    this.unit = h("small");
    this.number = h("span", { class: "value plain", role: "status", "aria-live": "off" }, this.value, this.unit);
    this.path = svg("path", { d: "" });
    this.spark = svg("svg", { class: "spark", viewBox: "0 0 96 34", preserveAspectRatio: "none", "aria-hidden": "true" }, this.path);
    this.change = h("span", { class: "change none" });
    this.caption = h("small", { class: "caption" }, options.caption ?? "");
    node.prepend(this.card.title);
    const [select] = Object.entries(options.select);
    if (select) this.pick(options, ...select);
    if (options.spark) node.append(this.spark);
    body.append(this.number);
    if (options.compared) body.append(this.change);
    if (options.compared || options.caption) body.append(this.caption);
  }

  get node() { return this.card.node; }

  // The whole tile can be clicked; for the keyboard and for readers of screens its heading is the button.
  pick({ title }, field, value) {
    this.picks = new Picks(this.card.node);
    this.card.node.classList.add("picks");
    this.card.title.replaceChildren(pickable(h("button", { type: "button", class: "pick" }, title), field, value));
  }

  remove() { this.picks?.remove(); }

  receive(picture) {
    if (picture.step) this.draw(Object.assign(this.shown, picture.step));
    else this.card.show(picture, (body) => this.draw(this.shown = body));
  }

  draw({ value, unit, tone, change, spark }) {
    setText(this.value, localNumber(value));
    setText(this.unit, unit);
    this.number.className = `value ${tone}`;
    this.change.className = change ? `change ${change.tone}` : "change none";
    setText(this.change, change ? `${{ up: "▲ ", down: "▼ ", flat: "" }[change.way]}${localNumber(change.text)}` : "–");
    this.path.setAttribute("d", line(spark));
  }
}

function line(values) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return "";
  const low = Math.min(...known), range = Math.max(...known) - low || 1;
  const step = 96 / (values.length - 1);
  let pen = "M";
  return values.map((value, place) => {
    if (value === null) { pen = "M"; return ""; }
    const at = `${pen}${(place * step).toFixed(1)},${(31 - ((value - low) / range) * 28).toFixed(1)}`;
    pen = "L";
    return at;
  }).join("");
}
