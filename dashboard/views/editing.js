// Rows that can be changed where they stand: cells by double click, Enter or F2, whole rows and new ones in a form. Other rows
// go on moving meanwhile; the row that is edited stays where it is, so that its field keeps the focus.
import { h, put } from "./dom.js";
import { isAlone, link } from "./channel.js";
import { keepGuest } from "./guest.js";
import { Menu } from "./menu.js";
import { toast } from "./toast.js";
import { choiceButton, openDialog } from "./dialog.js";
import { savingMark, showSaving } from "./saving.js";
import { UNSENT, Editor } from "./editor.js";
import { Form } from "./form.js";

const SECOND = 250; // ms in which a second click makes a double click
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class Editing {
  constructor(table) {
    this.table = table;
    Object.assign(this, table.options.editing);
    this.width = this.columns.length + 1; // what a row has for this beside what it shows
    keepGuest(this.guest);
    this.fields = this.editor = null;
    this.waiting = new Map(); // number → the editor or form that awaits the server's answer
    this.number = 0;
    this.onMessage = ({ detail }) => {
      for (const { view, token, event, value } of detail.said ?? []) if (view === table.place?.name && token === table.place.token) this.hear(event, value);
    };
    this.onLink = () => this.linked();
    link.addEventListener("message", this.onMessage);
    link.addEventListener("change", this.onLink);
    if (this.create) table.card.head.append(h("button", { type: "button", class: "chip main adds online", onclick: () => this.openForm({}) }, `+ ${capital(this.thing)}`));
  }

  remove() {
    link.removeEventListener("message", this.onMessage);
    link.removeEventListener("change", this.onLink);
    if (this.editor?.entry.isChanged) this.giveUp(this.editor, "The page was made anew.");
    this.form?.refuse({ "": "The page was made anew. Copy what you typed, and open this again." });
  }

  // What somebody has typed cannot stay in its place.
  giveUp(editor, why) {
    editor.isClosed = true;
    this.editor = null;
    toast({ title: `${capital(this.thing)} was not saved`, text: `${why} You typed: ${editor.entry.text}`, tone: "warn", lasts: 0 });
  }

  // The page shows rows: find out how they are entered.
  begin(isWished = false) {
    if (this.fields || isAlone() || (this.isAsked && !isWished)) return;
    this.isAsked = true;
    this.table.send({ event: "row", value: { do: "fields" } });
  }

  // Not yet: how anything is entered is not known, or what was typed before is on its way.
  await(wish) {
    this.wish = wish;
    this.begin(true);
  }

  grant() {
    const wish = this.wish;
    this.wish = null;
    wish?.();
  }

  linked() {
    if (link.state === "open") { this.isAsked = false; this.begin(); return; }
    const broken = [...this.waiting.values()];
    this.waiting.clear();
    for (const one of broken) one.refuse({ "": "The connection broke, and it is not known whether this was saved. Look, then save it again." });
  }

  hear(event, value) {
    if (event === "fields") Object.assign(this, value);
    else if (event === "edit") this.reopen(value);
    else {
      const one = this.waiting.get(value.id);
      this.waiting.delete(value.id);
      if (event === "saved") one?.saved();
      else if (one) one.refuse(value.problems);
    }
    this.grant();
  }

  ask(what, value, one) {
    this.number += 1;
    this.waiting.set(this.number, one);
    this.table.send({ event: "row", value: { do: what, id: this.number, ...value } });
  }

  raw(values, name) { return values[this.table.body.columns.length + this.columns.indexOf(name)]; }

  stateOf(values) { return values[this.table.body.columns.length + this.columns.length]; }

  nameOf(item) { return (item.cells[0].querySelector("b") ?? item.cells[0]).textContent; }

  // The cells of a row that can be edited, in their order.
  targets(key) {
    const item = this.table.items.get(key), { columns } = this.table.body;
    return this.table.shown.flatMap(({ name, under }, place) => (
      [name, ...(under === null ? [] : [columns[under].name])].filter((one) => this.columns.includes(one)).map((one) => ({ item, key, cell: item.cells[place], name: one }))
    ));
  }

  heads(cells) { return [...cells, h("th", { class: "acts online", scope: "col" }, h("span", { class: "spoken" }, "Edit"))]; }

  around(cells, item, key) {
    item.state = savingMark();
    this.table.shown.forEach((column, place) => { if (this.targetsAt(column).length) this.prepare(cells[place], column, key); });
    const menu = new Menu("⋯", "Change this row", () => this.choices(key, menu));
    item.menu = menu.button;
    const place = h("td", { class: "acts row-menu online" }, item.state, menu.node);
    for (const name of ["click", "keydown"]) place.addEventListener(name, (event) => event.stopPropagation());
    return [...cells, place];
  }

  targetsAt(column) {
    return [column.name, ...(column.under === null ? [] : [this.table.body.columns[column.under].name])].filter((one) => this.columns.includes(one));
  }

  // A first click waits whether it is a double one: what else the cell does would move the row from below the pointer.
  prepare(cell, column, key) {
    cell.classList.add("editable");
    cell.tabIndex = -1;
    cell.setAttribute("aria-keyshortcuts", "F2");
    let pause = 0;
    cell.addEventListener("click", (event) => {
      if (!event.detail || cell.classList.contains("editing")) return;
      const { target } = event; // which is another outside of the shadow tree
      event.stopPropagation();
      event.preventDefault();
      clearTimeout(pause);
      if (event.detail === 1) pause = setTimeout(() => target.isConnected && target.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true })), SECOND);
    }, true);
    cell.addEventListener("dblclick", (event) => {
      clearTimeout(pause);
      const names = this.targetsAt(column);
      getSelection()?.removeAllRanges();
      this.open(key, event.target.closest("small") || event.target.closest(".small") ? names[names.length - 1] : names[0]);
    });
    cell.addEventListener("keydown", (event) => {
      if (event.target !== cell) return;
      if (["Enter", "F2"].includes(event.key)) { event.preventDefault(); event.stopPropagation(); this.open(key, this.targetsAt(column)[0]); }
      else if (ARROWS[event.key]) { event.preventDefault(); this.move(key, cell, ...ARROWS[event.key]); }
    });
  }

  // One cell of the table can be reached by Tab; the arrows go on from there.
  rove() {
    const all = [...this.table.rows.querySelectorAll("td.editable")];
    if (all.length && !all.some(({ tabIndex }) => tabIndex === 0)) all[0].tabIndex = 0;
  }

  focus(cell) {
    for (const one of this.table.rows.querySelectorAll('td.editable[tabindex="0"]')) one.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  }

  move(key, cell, down, right) {
    const order = [...this.table.items.keys()].sort((a, b) => this.rowOf(a) - this.rowOf(b)), cells = (one) => [...new Set(this.targets(one).map((target) => target.cell))];
    const to = order[order.indexOf(key) + down], place = cells(key).indexOf(cell) + right;
    if (to !== undefined && cells(to)[place]) this.focus(cells(to)[place]);
  }

  rowOf(key) { return this.table.items.get(key).row.rowIndex; }

  // cell, problem: what was typed before, and why it came back; seen: what stood there then.
  open(key, name, { cell = undefined, problem = null, seen = undefined } = {}) {
    if (!this.fields || this.isAwaited(key, name)) { this.await(() => this.open(key, name, { cell, problem, seen })); return; }
    const field = this.fields.find((one) => one.name === name), target = this.table.items.has(key) && this.targets(key).find((one) => one.name === name);
    if (isAlone() || !field?.isEdited || !target) return;
    if (this.editor) { this.editor.save(null); if (this.editor) return; }
    this.table.send({ event: "row", value: { do: "open", key } });
    this.editor = new Editor(this, target, field, seen === undefined ? this.raw(target.item.values, name) : seen);
    if (cell !== undefined) this.editor.entry.take(cell);
    if (problem) this.editor.say(problem);
  }

  // Whether what was typed there is still on its way: it would be taken for another's.
  isAwaited(key, name) { return [...this.waiting.values()].some((one) => one.key === key && key !== null && (name === undefined || one.name === name)); }

  // shown: what stands in the cell until the server has answered.
  closed(editor, next, shown) {
    this.editor = null;
    const { item, key, cell, name } = editor, isThere = this.table.items.get(key) === item && !item.isLeft;
    if (item.isLeft) this.table.drop(key);
    if (!isThere) return;
    this.table.refill(item, cell, shown === undefined ? {} : { [name]: shown });
    const targets = this.targets(key), place = targets.findIndex((one) => one.name === name) + (next ?? 0);
    if (next && targets[place]) this.open(key, targets[place].name);
    else if (next !== null) this.focus(cell);
  }

  settleCell({ item, key, cell }) { if (this.table.items.get(key) === item && !this.holds(item, cell)) this.table.refill(item, cell, {}); }

  // It does not fit: back to where it was typed, or within reach.
  giveBack(editor, problem) {
    const again = () => this.open(editor.key, editor.name, { cell: editor.entry.cell, problem, seen: editor.seen });
    this.settleCell(editor);
    if (!this.editor && this.table.items.has(editor.key)) { again(); return; }
    const actions = this.table.items.has(editor.key) ? [{ label: "Edit", act: again }] : [];
    toast({ title: `${capital(this.thing)} was not saved`, text: `${problem} You typed: ${editor.entry.text}`, tone: "bad", actions, lasts: 0 });
  }

  // Whether a cell must be left as it is, because somebody types in it.
  holds(item, cell) { return this.editor?.item === item && this.editor.cell === cell; }

  isHeld(item) { return this.editor?.item === item; }

  // The rows are as the server says, but for the one that is edited: its place in the page keeps.
  arrange(order) {
    const { rows, items } = this.table, row = this.editor?.item.row, at = order.indexOf(this.editor?.key);
    if (row?.parentNode !== rows) return false;
    const place = at < 0 ? Math.min([...rows.children].indexOf(row), order.length) : at;
    let next = row, before = row;
    for (const one of order.slice(0, place).reverse()) { const other = items.get(one).row; if (next.previousSibling !== other) put(rows, other, next); next = other; }
    for (const one of order.slice(at < 0 ? place : place + 1)) { const other = items.get(one).row; if (before.nextSibling !== other) put(rows, other, before.nextSibling); before = other; }
    this.editor.item.isLeft = at < 0;
    return true;
  }

  // After each picture: the marks of writes, and what stands below the field that is open.
  settle() {
    this.begin();
    for (const item of this.table.items.values()) this.show(item);
    this.rove();
    if (!this.editor) return;
    if (!this.editor.node.isConnected) this.rescue(this.editor);
    else this.editor.look(this.raw(this.editor.item.values, this.editor.name), !this.editor.item.isLeft);
  }

  show(item) {
    if (!this.holds(item, item.cells[0]) && item.name !== this.nameOf(item)) {
      item.name = this.nameOf(item);
      item.menu.setAttribute("aria-label", `Change ${item.name}`);
    }
    showSaving(item, this.stateOf(item.values) ?? "");
  }

  // The rows were drawn anew while somebody typed.
  rescue(editor) {
    const target = this.targets(editor.key)?.find((one) => one.name === editor.name);
    if (target) { Object.assign(editor, target); editor.stand(target.cell); return; }
    this.giveUp(editor, "Its row has left the page.");
  }

  choices(key, menu) {
    const item = (words, act, look = "item") => h("button", { type: "button", class: look, onclick: () => { menu.close(); act(); } }, words);
    return [item("Edit", () => this.openForm({ key })), this.delete ? item("Delete", () => this.drop(key), "item bad") : null];
  }

  drop(key) {
    if (!this.fields) { this.await(() => this.drop(key)); return; }
    if (!this.table.items.has(key)) return;
    const go = () => {
      if (link.state !== "open") { toast({ title: `${capital(this.thing)} was not deleted`, text: "The connection is cut. Try again when it is back.", tone: "bad" }); return; }
      this.ask("delete", { key }, { saved() {}, refuse: (problems) => toast({ title: `${capital(this.thing)} was not deleted`, text: Object.values(problems)[0], tone: "bad" }) });
    };
    if (!this.confirm) { go(); return; }
    const dialog = openDialog({
      title: `Delete ${this.nameOf(this.table.items.get(key))}?`, text: "What belongs to it goes with it. This cannot be taken back.",
      foot: [choiceButton("Cancel", () => dialog.close()), choiceButton("Delete", () => { dialog.close(); go(); }, true)],
    });
    dialog.node.classList.add("grave");
  }

  openForm({ key = null, values = {}, seen = {}, problems = {} }) {
    if (!this.fields || this.isAwaited(key)) { this.await(() => this.openForm({ key, values, seen, problems })); return; }
    if (link.state !== "open") { toast({ title: "The connection is cut", text: UNSENT, tone: "warn" }); return; }
    this.table.send({ event: "row", value: { do: "fields" } }); // what can be chosen may have changed
    if (key !== null) this.table.send({ event: "row", value: { do: "open", key } });
    const item = this.table.items.get(key), fields = this.fields.filter(({ isAsked, isEdited }) => (key === null ? isAsked : isEdited));
    const shown = item ? Object.fromEntries(this.columns.map((name) => [name, this.raw(item.values, name)])) : seen;
    this.form = new Form(this, { key, title: key === null ? `New ${this.thing}` : item ? this.nameOf(item) : capital(this.thing), fields: key === null || item ? fields : fields.filter(({ name }) => name in values), shown, values, problems });
  }

  // What was refused comes back to where it was typed.
  reopen({ key, values, seen, problems }) {
    const names = Object.keys(values), item = key === null ? null : this.table.items.get(key);
    if (item && names.length === 1 && this.targets(key).some(({ name }) => name === names[0])) this.open(key, names[0], { cell: values[names[0]], problem: Object.values(problems)[0] });
    else this.openForm({ key, values, seen, problems });
  }
}

const capital = (word) => word[0].toUpperCase() + word.slice(1);
