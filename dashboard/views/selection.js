// What the reader has selected on the page: how far back, and categories as chips. It stands in the address.
import { address, asked, forget, ignore, ignored, remember, said, select, selectable } from "./address.js";
import { local } from "./choosing.js";
import { h } from "./dom.js";
import { Menu } from "./menu.js";

const PLACE = "span";
const shortly = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });

export class SelectionView {
  constructor({ spans, span, fields }, known) {
    Object.assign(this, { spans, span, fields });
    for (const [name] of fields) selectable.add(name);
    this.known = new Set([...known, PLACE, ...fields.map(([name]) => name)]);
    if (!spans.length) this.known.delete(PLACE);
    this.segments = spans.map(([slug, label]) => h("button", { type: "button", "data-slug": slug, onclick: () => remember({ [PLACE]: slug === span ? null : slug }) }, label));
    this.custom = new Menu("custom", "Choose from when to when", () => this.drawCustom());
    this.choices = spans.length ? h("div", { class: "seg", role: "group", "aria-label": "How far back" }, this.segments, this.custom.node) : null;
    this.chips = h("span", { class: "filters" });
    this.node = h("span", { class: "selection online" }, this.choices, this.chips);
    this.line = h("p", { class: "ignored", role: "status", hidden: true });
    this.onChange = () => this.draw();
    this.onIgnored = () => this.tell();
    address.addEventListener("change", this.onChange);
    address.addEventListener("ignored", this.onIgnored);
    offered.addEventListener("change", this.onChange);
    this.draw();
  }

  remove() {
    address.removeEventListener("change", this.onChange);
    address.removeEventListener("ignored", this.onIgnored);
    offered.removeEventListener("change", this.onChange);
  }

  draw() {
    this.check();
    const wanted = asked(PLACE), both = bounds(wanted);
    const chosen = this.spans.some(([slug]) => slug === wanted) ? wanted : both ? null : this.span;
    for (const button of this.segments) button.setAttribute("aria-pressed", String(button.dataset.slug === chosen));
    this.custom.button.setAttribute("aria-pressed", String(chosen === null));
    this.custom.say(both && chosen === null ? both.map((at) => shortly.format(at)).join(" – ") : "custom");
    this.chips.replaceChildren(...this.fields.filter(([name, , values]) => isOne(asked(name), values)).map(([name, label]) => (
      h("button", { class: "chip on", type: "button", "aria-label": `Remove the filter ${label}: ${asked(name)}`, title: asked(name), onclick: () => select({ [name]: null }) }, h("span", {}, `${label}: ${asked(name)}`), " ✕")
    )));
    this.tell();
  }

  // What the address asks for that this page does not have; a table judges what begins with its own name.
  check() {
    for (const [name, value] of said()) {
      const field = this.fields.find((one) => one[0] === name);
      if (name.includes(".")) continue;
      if (!this.known.has(name)) ignore(name, `This page has no “${name}”.`);
      else if (field && !isOne(value, field[2])) ignore(name, `There is no ${field[1].toLowerCase()} “${value}”.`);
      else if (name === PLACE && !this.spans.some(([slug]) => slug === value) && !bounds(value)) ignore(name, `“${value}” is no stretch of time.`);
      else if (field || name === PLACE) ignore(name, null);
    }
  }

  tell() {
    const sentences = ignored(), gone = this.gone();
    this.line.hidden = sentences.length + gone.length === 0;
    const words = [...(sentences.length ? [`Ignored in the address: ${sentences.join(" ")}`] : []), ...gone.map(([name, label]) => `There is no ${label.toLowerCase()} “${asked(name)}” now, so nothing of it is shown.`)];
    const drop = () => { if (gone.length) select(Object.fromEntries(gone.map(([name]) => [name, null]))); forget(); };
    this.line.replaceChildren(h("span", {}, words.join(" ")), h("button", { class: "chip", type: "button", "aria-label": "Forget what was ignored", onclick: drop }, "✕"));
  }

  // Fields whose value is no row of the database any more, or never was.
  gone() { return this.fields.filter(([name]) => asked(name) && offered.values[name] && !offered.values[name].includes(asked(name))); }

  drawCustom() {
    const [first, last] = bounds(asked(PLACE)) ?? [Date.now() - 86400000, Date.now()];
    const field = (words, at) => h("input", { type: "datetime-local", required: true, "aria-label": words, value: local(new Date(at).toISOString()) });
    const from = field("from", first), to = field("to", last);
    const problem = h("p", { class: "bad", role: "status" });
    const choose = (event) => {
      event.preventDefault();
      const text = [from, to].map(({ value }) => new Date(value).toISOString().slice(0, 16) + "Z").join("..");
      if (bounds(text)) { remember({ [PLACE]: text }); this.custom.close(); } else problem.replaceChildren("The end has to be later than the beginning.");
    };
    return h("form", { onsubmit: choose }, h("label", {}, "from ", from), h("label", {}, "to ", to), problem, h("button", { class: "chip", type: "submit" }, "Apply"));
  }
}

// What the database has of the fields whose values are rows: name → values.
const offered = Object.assign(new EventTarget(), { values: {} });

export class ChoicesView {
  constructor() { this.node = h("span", { hidden: true }); }

  receive({ body }) {
    if (!body) return;
    offered.values = body.values;
    offered.dispatchEvent(new Event("change"));
  }
}

const isOne = (value, values) => value !== null && value !== "" && (values === null || values.includes(value));

const LONGEST = 3660 * 86400000;
function bounds(text) {
  const both = (text ?? "").split("..").map((part) => Date.parse(part));
  return both.length === 2 && both[1] > both[0] && both[1] - both[0] <= LONGEST && both[0] > Date.UTC(1900) ? both : null;
}
