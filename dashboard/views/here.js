// Who is here: initials, which open to names and where each is. Several pages of one person are one person. The names stand
// in the browser's top layer, because a toolbar scrolls where it is narrow; Escape or a click elsewhere closes them.
import { colour, h, setText } from "./dom.js";
import { tickTime } from "./format.js";

const FACES = 4; // shown beside the count

export class HereView {
  constructor(options) {
    this.options = options;
    this.rows = {};
    this.faces = h("span", { class: "faces", "aria-hidden": "true" });
    this.label = h("span", { class: "label" });
    this.button = h("button", { type: "button", class: "chip", "aria-expanded": "false" }, this.faces, this.label);
    this.list = h("ul", { "aria-label": options.title, popover: "auto", onbeforetoggle: ({ newState }) => this.open(newState === "open") });
    this.button.popoverTargetElement = this.list;
    this.node = h("div", { class: "here" }, this.button, this.list);
    this.draw();
  }

  open(is) {
    this.button.setAttribute("aria-expanded", String(is));
    const { bottom, left } = this.button.getBoundingClientRect();
    this.list.style.top = `${bottom + 6}px`;
    this.list.style.left = `${Math.max(12, Math.min(left, innerWidth - 312))}px`;
  }

  receive(picture) {
    const { rows, order } = picture.step ?? picture.body ?? {};
    if (!rows) return;
    if (picture.body) this.rows = {};
    Object.assign(this.rows, rows);
    if (order) this.rows = Object.fromEntries(order.map((key) => [key, this.rows[key]]));
    this.draw();
  }

  // One entry for each person: those on this page first, then by when they came.
  people() {
    const found = new Map();
    for (const row of Object.values(this.rows)) {
      const isHere = row.page === this.options.page;
      const known = found.get(row.person);
      if (!known || (isHere && !known.isHere)) found.set(row.person, { ...row, isHere, since: Math.min(known?.since ?? Infinity, row.since) });
    }
    return [...found.values()].sort((one, other) => other.isHere - one.isHere || one.since - other.since || (one.person < other.person ? -1 : 1));
  }

  draw() {
    const people = this.people();
    const others = people.filter(({ person }) => person !== this.options.me).length;
    this.faces.replaceChildren(...people.slice(0, FACES).map((one) => face(one)));
    setText(this.label, people.length > FACES ? `+${people.length - FACES}` : "");
    this.button.setAttribute("aria-label", `${this.options.title}: ${others === 0 ? "only you" : `you and ${others} other${others > 1 ? "s" : ""}`}`);
    this.button.hidden = people.length === 0;
    this.list.replaceChildren(...people.map((one) => this.line(one)));
  }

  line(one) {
    const where = [one.isHere ? "on this page" : one.page, one.record].filter(Boolean).join(" · ");
    const time = h("time");
    tickTime(time, one.since);
    return h("li", {}, face(one), h("span", {}, h("b", {}, one.person === this.options.me ? `${one.name} (you)` : one.name), h("small", {}, where)), time);
  }
}

function face({ name, isHere }) {
  const words = name.trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "").join("").toUpperCase();
  return h("i", { class: isHere ? "face" : "face elsewhere", style: `--face:var(${colour("person", name)})`, title: name, "aria-hidden": "true" }, initials || "?");
}
