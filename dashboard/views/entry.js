// One value to be entered, by the kind of its column; `text` is what was typed, `value` what is sent of it.
import { h } from "./dom.js";
import { localPoint } from "./format.js";

const TYPES = { date: "date", time: "datetime-local", clock: "datetime-local" };

export class Entry {
  constructor(field, cell, label = field.label) {
    this.field = field;
    this.start = this.told(cell);
    this.input = this.make(label);
    this.text = this.start;
  }

  make(label) {
    const { kind, choices, required, most } = this.field, named = { "aria-label": label, required };
    if (kind === "choice" || kind === "boolean") {
      const offered = kind === "boolean" ? [["true", "Yes"], ["false", "No"]] : choices;
      const known = offered.some(([value]) => value === this.start) || this.start === "" ? offered : [[this.start, this.start], ...offered];
      return h("select", named, required && this.start !== "" ? null : h("option", { value: "" }, "–"), known.map(([value, words]) => h("option", { value }, words)));
    }
    if (kind === "long" || this.start.includes("\n")) return h("textarea", { ...named, rows: Math.min(8, Math.max(3, this.start.split("\n").length)) });
    if (TYPES[kind]) return h("input", { ...named, type: TYPES[kind], step: kind === "date" ? null : 1 });
    // A number is typed as text: a browser's own number field gives nothing at all of what it cannot read.
    return h("input", { ...named, type: "text", inputmode: kind === "number" ? (this.field.whole ? "numeric" : "decimal") : null, maxlength: most, autocomplete: "off", spellcheck: kind === "text" ? null : "false" });
  }

  get text() { return this.input.value; }

  set text(text) { this.input.value = text; }

  get isChanged() { return this.text !== this.start; }

  get value() {
    if (this.field.kind === "boolean" && this.text !== "") return this.text === "true";
    if (this.field.kind === "time" && this.text !== "") return new Date(this.text).toISOString();
    return this.field.kind === "number" && localPoint !== "." && /^\s*-?\d+,\d+\s*$/.test(this.text) ? this.text.replace(",", ".") : this.text;
  }

  // What was typed, as a cell shows it.
  get cell() {
    if (this.text === "") return null;
    if (this.field.kind === "boolean") return this.text === "true";
    if (this.field.kind === "time" || this.field.kind === "clock") return Date.parse(this.field.kind === "time" ? this.text : `${this.text}Z`);
    return this.text;
  }

  // A cell as it is typed.
  told(cell) {
    if (cell === null || cell === undefined) return "";
    if (typeof cell === "number" && TYPES[this.field.kind]) {
      const shift = this.field.kind === "time" ? new Date(cell).getTimezoneOffset() * 60000 : 0;
      return new Date(cell - shift).toISOString().slice(0, 19);
    }
    return String(cell);
  }

  take(cell) { this.text = this.told(cell); }

  // It is open, and all of it is chosen.
  begin() {
    this.input.focus({ preventScroll: true });
    this.input.select?.();
  }

  say(problem, place) {
    place.replaceChildren(problem ?? "");
    place.hidden = !problem;
    if (problem) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}
