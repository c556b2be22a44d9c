// A row in a form: a new one, or all that can be changed of one. Only what was changed is sent, with what the person saw of it.
import { h } from "./dom.js";
import { link } from "./channel.js";
import { choiceButton, openDialog } from "./dialog.js";
import { UNSENT } from "./editor.js";
import { Entry } from "./entry.js";

let fieldNumber = 0;

export class Form {
  constructor(editing, { key, title, fields, shown, values, problems }) {
    Object.assign(this, { editing, key, shown });
    this.lines = fields.map((field) => this.line(field, values));
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.button = h("button", { type: "submit", class: "chip main" }, key === null ? "Create" : "Save");
    this.dialog = openDialog({
      title, body: [h("div", { class: "fields" }, this.lines.map(({ node }) => node)), this.problem], form: () => this.save(),
      foot: [choiceButton("Cancel", () => this.close()), this.button], dismissed: () => this.close(),
    });
    if (Object.keys(problems).length) this.refuse(problems);
    else this.lines[0]?.entry.begin();
  }

  line(field, values) {
    const entry = new Entry(field, this.shown[field.name]), place = h("small", { class: "bad", hidden: true, id: `field-problem-${(fieldNumber += 1)}` });
    if (field.name in values) entry.take(values[field.name]);
    entry.input.setAttribute("aria-describedby", place.id);
    entry.input.addEventListener("input", () => entry.say(null, place));
    const isNeeded = field.required && !(this.key === null && field.default);
    if (!isNeeded) entry.input.required = false;
    if (this.key === null && field.default && "placeholder" in entry.input) entry.input.placeholder = "Default";
    if (this.key === null && field.default && entry.input.options?.[0].value === "") entry.input.options[0].text = "Default";
    const hint = field.hint ? h("small", { class: "mute" }, ` · ${field.hint}`) : null;
    const node = h("label", {}, h("span", {}, field.label, isNeeded ? h("b", { class: "bad", title: "Must be given" }, " *") : null, hint), entry.input, place);
    return { field, entry, place, node, isNeeded };
  }

  save() {
    if (this.isSent) return;
    const lacking = this.lines.filter(({ entry, isNeeded }) => isNeeded && entry.text.trim() === "");
    if (lacking.length) { this.refuse(Object.fromEntries(lacking.map(({ field }) => [field.name, `${field.label} must be given.`]))); return; }
    if (link.state !== "open") { this.refuse({ "": UNSENT }); return; }
    const changed = this.lines.filter(({ entry }) => this.key === null || entry.isChanged), names = changed.map(({ field }) => field.name);
    if (!changed.length) { this.close(); return; }
    this.isSent = this.button.disabled = true;
    const values = Object.fromEntries(changed.map(({ field, entry }) => [field.name, entry.value]));
    if (this.key === null) this.editing.ask("create", { values }, this);
    else this.editing.ask("save", { key: this.key, values, seen: Object.fromEntries(names.map((name) => [name, this.shown[name]])) }, this);
  }

  saved() { this.close(); }

  close() {
    this.dialog.close();
    if (this.editing.form === this) this.editing.form = null;
  }

  refuse(problems) {
    this.isSent = this.button.disabled = false;
    for (const { field, entry, place } of this.lines) entry.say(problems[field.name], place);
    this.problem.hidden = !problems[""];
    this.problem.replaceChildren(problems[""] ?? "");
    (this.lines.find(({ field }) => problems[field.name]) ?? this.lines[0])?.entry.input.focus();
  }
}
