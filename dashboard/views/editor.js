// One cell that is being edited: Enter and Tab save, Escape gives up, a click elsewhere saves. What was typed stands in the cell
// while it is on its way; what does not fit comes back with the reason, and stays until it is mended or given up.
import { h, setText } from "./dom.js";
import { cellText } from "./format.js";
import { link } from "./channel.js";
import { isDialogOpen } from "./dialog.js";
import { Entry } from "./entry.js";

export const UNSENT = "The connection is cut. What you typed stays here; save it again when it is back.";

export class Editor {
  // target: { item, key, cell, name }; editing: whose it is; seen: what stood there when it was opened.
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
    if (event.key === "Escape") { event.preventDefault(); this.close(0); }
    else if (event.key === "Tab") { event.preventDefault(); this.save(event.shiftKey ? -1 : 1); }
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.save(0); }
  }

  left() {
    const isHere = this.node.contains(this.node.getRootNode().activeElement);
    if (!this.isClosed && !isHere && this.node.isConnected && document.hasFocus() && !isDialogOpen()) this.save(null);
  }

  // next: where to go on, in cells; 0: stay here, null: the person is elsewhere already.
  save(next = 0) {
    if (!this.entry.isChanged) { this.close(next); return; }
    if (link.state !== "open") { this.say(UNSENT, next !== null); return; }
    this.editing.ask("save", { key: this.key, values: { [this.name]: this.entry.value }, seen: { [this.name]: this.seen } }, this);
    this.close(next, this.entry.cell);
  }

  say(problem, isFocused = true) {
    this.entry.say(problem, this.problem);
    if (isFocused) this.entry.input.focus({ preventScroll: true });
  }

  // The server has taken it, or says why not.
  saved() { this.editing.settleCell(this); }

  refuse(problems) { this.editing.giveBack(this, Object.values(problems)[0]); }

  // What it stands on has changed, or left the page.
  look(now, isThere) {
    const words = !isThere ? "This row has left the page." : JSON.stringify(now) === JSON.stringify(this.seen) ? "" : `Somebody has changed it to ${cellText(now, this.field.kind)}.`;
    setText(this.note, words);
    this.note.hidden = words === "";
  }

  close(next, shown) {
    if (this.isClosed) return;
    this.isClosed = true;
    this.cell.classList.remove("editing");
    this.editing.closed(this, next, shown);
  }
}
