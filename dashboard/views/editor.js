// One cell that is being edited: Enter and Tab save, Escape gives up, a click elsewhere saves. Until the server has taken what was
// typed it stays where it is; what does not fit is said below it.
import { h, setText } from "./dom.js";
import { cellText } from "./format.js";
import { link } from "./channel.js";
import { isDialogOpen } from "./dialog.js";
import { Entry } from "./entry.js";

export const UNSENT = "The connection is cut. What you typed stays here; save it again when it is back.";

export class Editor {
  // target: { item, key, cell, name }; editing: whose it is.
  constructor(editing, target, field, seen) {
    Object.assign(this, target, { editing, field, seen });
    this.entry = new Entry(field, seen, `${field.label} of ${editing.nameOf(this.item)}`);
    this.problem = h("small", { class: "bad", role: "alert", hidden: true });
    this.note = h("small", { class: "warn", role: "status", hidden: true });
    this.node = h("div", { class: "entry" }, this.entry.input, this.problem, this.note);
    for (const name of ["click", "dblclick", "keydown"]) this.node.addEventListener(name, (event) => event.stopPropagation());
    this.node.addEventListener("keydown", (event) => this.press(event));
    this.node.addEventListener("focusout", () => setTimeout(() => this.left(), 0));
    if (this.entry.input.tagName === "SELECT") {
      this.entry.input.addEventListener("keydown", () => { this.isByKey = true; });
      this.entry.input.addEventListener("change", () => this.isByKey || this.save());
    }
    this.stand(this.cell);
  }

  // Stand in a cell: its own, or the one that took its place.
  stand(cell) {
    this.cell = cell;
    const { height } = cell.getBoundingClientRect();
    cell.classList.add("editing");
    cell.style.setProperty("--stand", `${height}px`); // what stands around it stays where it is
    cell.replaceChildren(this.node);
    this.entry.begin();
  }

  press(event) {
    if (event.key === "Escape") { event.preventDefault(); this.close(true); }
    else if (event.key === "Tab") { event.preventDefault(); this.save(event.shiftKey ? -1 : 1); }
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.save(0); }
  }

  left() {
    const isHere = this.node.contains(this.node.getRootNode().activeElement);
    if (this.isClosed || this.isSent || isHere || !this.node.isConnected || !document.hasFocus() || isDialogOpen()) return;
    this.save(null);
  }

  // next: where to go on, in cells; 0: stay here, null: the person is elsewhere already.
  save(next = 0) {
    if (this.isSent) return;
    if (!this.entry.isChanged) { this.close(next !== null, next); return; }
    if (link.state !== "open") { this.refuse({ "": UNSENT }); return; }
    this.isSent = true;
    this.next = next;
    this.cell.classList.add("sent");
    this.editing.ask("save", { key: this.key, values: { [this.name]: this.entry.value }, seen: { [this.name]: this.seen } }, this);
  }

  saved() { this.close(this.next !== null, this.next); }

  refuse(problems) {
    this.isSent = false;
    this.cell.classList.remove("sent");
    this.entry.say(Object.values(problems)[0], this.problem);
    if (this.next !== null) this.entry.input.focus({ preventScroll: true });
  }

  // What it stands on has changed, or left the page.
  look(now, isThere) {
    const words = !isThere ? "This row has left the page."
      : JSON.stringify(now) === JSON.stringify(this.seen) || this.isSent ? "" : `Somebody has changed it to ${cellText(now, this.field.kind === "number" ? "number" : this.field.kind)}.`;
    setText(this.note, words);
    this.note.hidden = words === "";
  }

  close(isFocused, next = 0) {
    if (this.isClosed) return;
    this.isClosed = true;
    this.cell.classList.remove("editing", "sent");
    this.editing.closed(this, isFocused, next);
  }
}
