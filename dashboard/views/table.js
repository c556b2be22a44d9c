// One page of rows by key: changed cells are written in place; order, page, search are asked of the server.
import { h, put, setText } from "./dom.js";
import { cellText, fullTime, localNumber, tickTime } from "./format.js";
import { isNarrowed } from "./address.js";
import { Acting } from "./acts.js";
import { Card } from "./card.js";
import { isAlone, link } from "./channel.js";
import { drawnCell } from "./cells.js";
import { Choosing } from "./choosing.js";
import { Editing } from "./editing.js";
import { Picks, pickable, picked } from "./picking.js";
import { widenInPrint } from "./paper.js";
import { report } from "./report.js";
import { Roll } from "./roll.js";
import { Whole } from "./whole.js";
import { keep, nothing, onAddress, sameWish, wished } from "./wish.js";

const WIDE = 8; // columns above which each row is one line, and the table scrolls sideways
const PAUSE = 250; // ms without a key pressed before a search is asked for
const AWAITED = 4000; // ms until the table shows what it has, rather than what the address asks for

export class TableView {
  constructor(options, send, model) {
    this.options = options;
    this.send = send;
    this.place = model?.place;
    this.asked = nothing();
    this.hidden = new Set();
    this.choosing = new Choosing(this);
    this.card = new Card({ ...options, title: options.title || " " }, { skeleton: Math.min(8, options.size + 1), lines: options.scroll ? 0 : options.size, line: Object.keys(options.below).length ? 53 : 35, more: 32 });
    this.tally = h("span", { class: "tag", hidden: true });
    this.card.title.after(this.tally);
    this.filters = h("span", { class: "filters" });
    this.tally.after(this.filters);
    this.card.aside.append(this.choosing.node);
    if (options.search) this.card.aside.append(this.searchField());
    this.onAlone = () => { if (this.body) this.redraw(); };
    link.addEventListener("alone", this.onAlone);
    this.leaveAddress = onAddress(() => this.followAddress());
    if (Object.keys(options.select).length) this.picks = new Picks(this.card.body);
    this.header = h("tr");
    this.rows = h("tbody");
    this.table = h("table", { "aria-label": options.title || null }, h("thead", {}, this.header), this.rows);
    this.empty = h("div", { class: "empty", hidden: true }, "No rows yet");
    this.pager = this.makePager();
    this.sheet = h("div", { class: "sheet" }, this.table);
    this.items = new Map();
    if (options.acts.length && !report) this.acting = new Acting(this);
    if (options.editing && !report) this.editing = new Editing(this);
    this.card.body.append(...[this.sheet, this.empty, this.acting?.bar, this.pager].filter(Boolean));
    this.note = h("p", { class: "mute note", hidden: true });
    this.card.body.append(this.note);
    if (options.scroll && !report) this.roll = new Roll(this.rows, options, (page) => this.ask({ page }, false));
    this.table.classList.toggle("rolling", this.roll !== undefined);
    this.onPrint = (event) => { if (this.whole) this.print(event.type === "beforeprint"); };
    if (report) for (const kind of ["beforeprint", "afterprint"]) addEventListener(kind, this.onPrint);
  }

  remove() {
    this.leaveAddress();
    link.removeEventListener("alone", this.onAlone);
    for (const kind of ["beforeprint", "afterprint"]) removeEventListener(kind, this.onPrint);
    this.picks?.remove();
    this.acting?.remove();
    this.editing?.remove();
    this.roll?.remove();
  }

  get node() { return this.card.node; }

  // On paper all rows stand below each other, and heads are words: browsers repeat no buttons on the next page.
  print(isPrinted) {
    this.isPrinted = isPrinted;
    this.draw(this.whole.page(this.asked, isPrinted ? Infinity : undefined));
  }

  searchField() {
    let pause = 0;
    const field = this.field = h("input", { class: report ? null : "online", type: "search", placeholder: "Search", "aria-label": `Search ${this.options.title || "the table"}` });
    field.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.ask({ search: field.value, page: 0 }), PAUSE);
    });
    return field;
  }

  makePager() {
    this.back = h("button", { class: "chip", type: "button", "aria-label": "Previous page", onclick: () => this.ask({ page: this.asked.page - 1 }) }, "‹");
    this.forth = h("button", { class: "chip", type: "button", "aria-label": "Next page", onclick: () => this.ask({ page: this.asked.page + 1 }) }, "›");
    this.range = h("span", { class: "mute" });
    for (const button of [this.back, this.forth]) button.classList.toggle("online", !report);
    return h("div", { class: "pager" }, this.range, this.back, this.forth);
  }

  ask(change, isBusy = true) {
    this.asked = { ...this.asked, ...change };
    if (this.whole) { this.draw(this.whole.page(this.asked)); return; }
    this.remember(!("search" in change));
    if (isBusy) this.table.setAttribute("aria-busy", "true");
    if (isBusy && change.page === 0) this.roll?.rewind(this.table);
    this.send({ ask: this.asked });
  }

  remember(isStep) {
    if (this.options.place) keep(this.options.place, { ...this.asked, page: this.roll ? 0 : this.asked.page }, this.hidden, this.first, isStep);
  }

  receive(picture) {
    if (picture.body?.ranks) {
      this.whole = new Whole(picture.body);
      this.asked.sort = picture.body.sort;
      if (picture.body.order.length > picture.body.size) widenInPrint(this.node);
      this.note.hidden = this.whole.note() === "";
      setText(this.note, this.whole.note());
      picture = { ...picture, body: this.whole.page(this.asked) };
    }
    if (picture.step) { if (this.body) this.step(picture.step); return; }
    if (picture.body && !this.columns && this.begin(picture)) return;
    this.card.show(picture, (body) => this.draw(body));
  }

  // The first picture tells the columns; if the address asks for something else, that is awaited.
  begin(picture) {
    this.columns = picture.body.columns;
    this.first = picture.body.sort;
    this.asked.sort = this.first;
    if (this.whole || !this.options.place || !this.followAddress()) return false;
    setTimeout(() => { if (!this.body) this.card.show(picture, (body) => this.draw(body)); }, AWAITED);
    return true;
  }

  followAddress() {
    if (!this.columns || !this.options.place) return false;
    const { hidden, ...wish } = wished(this.options.place, this.columns, this.first);
    if (String([...this.hidden]) !== String(hidden)) {
      this.hidden = new Set(hidden);
      if (this.body) this.redraw();
    }
    const isOther = !sameWish(wish, { ...this.asked, page: this.roll ? 0 : this.asked.page });
    if (!isOther) return false;
    this.asked = { ...wish, facet: this.asked.facet };
    if (this.field && this.field.value !== wish.search) this.field.value = wish.search;
    this.send({ ask: this.asked });
    return true;
  }

  showColumn(name, isShown) {
    if (isShown) this.hidden.delete(name);
    else if (this.namesShown().length > 1) this.hidden.add(name);
    this.remember(false);
    this.redraw();
  }

  namesShown() { return this.columns.map(({ name }) => name).filter((name) => !this.hidden.has(name)); }

  redraw() {
    this.items.clear();
    this.rows.replaceChildren();
    this.draw(this.body);
  }

  draw(body) {
    const kept = ["columns", "sort", "search", "filters", "ranges", ...(this.roll ? [] : ["page"])];
    const isSamePage = this.body?.page === body.page;
    const isSame = this.body && kept.every((name) => JSON.stringify(this.body[name]) === JSON.stringify(body[name]));
    this.body = body;
    this.columns = body.columns;
    this.table.removeAttribute("aria-busy");
    this.split();
    this.drawHeader();
    if (!isSame) {
      this.items.clear();
      this.rows.replaceChildren();
    }
    this.merge(body.rows, body.order, Boolean(isSame && isSamePage && !this.whole));
    this.drawFilters();
    this.tell();
  }

  step({ rows, order, total, facet }) {
    if (facet !== undefined) { this.body.facet = facet; this.choosing.refresh(); }
    Object.assign(this.body.rows, rows);
    this.merge(rows, order ?? this.body.order, true);
    this.body.order = order ?? this.body.order;
    this.body.total = total ?? this.body.total;
    this.tell();
  }

  // Columns that stand below another have no column of their own.
  split() {
    const place = new Map(this.body.columns.map(({ name }, at) => [name, at]).filter(([name]) => !this.hidden.has(name)));
    const lower = new Set(Object.entries(this.options.below).filter(([name, under]) => place.has(name) && place.has(under)).map(([, under]) => under));
    this.shown = this.body.columns
      .map((column, at) => ({ ...column, at, under: lower.has(this.options.below[column.name]) ? place.get(this.options.below[column.name]) : null }))
      .filter(({ name }) => place.has(name) && !lower.has(name));
    const isWide = this.shown.length > WIDE;
    this.sheet.classList.toggle("wide", isWide);
    const reach = { tabindex: 0, role: "region", "aria-label": `${this.options.title || "Table"}, scrolls sideways` };
    for (const [name, value] of Object.entries(reach)) isWide ? this.sheet.setAttribute(name, value) : this.sheet.removeAttribute(name);
  }

  drawHeader() {
    const sorted = this.body.sort?.[0], isDown = this.body.sort?.[1];
    const shape = JSON.stringify([this.shown, this.body.sort, isAlone(), this.isPrinted]);
    if (this.headerShape === shape) return;
    this.headerShape = shape;
    const focused = this.header.getRootNode().activeElement?.dataset?.column;
    const cells = this.shown.map((column) => {
      const arrow = column.name === sorted ? (isDown ? " ↓" : " ↑") : "";
      const button = h("button", { type: "button", "data-column": column.name, disabled: isAlone() && !this.whole, onclick: () => this.sort(column.name) }, column.label + arrow);
      const order = column.name === sorted ? (isDown ? "descending" : "ascending") : null;
      return h("th", { class: side(column), scope: "col", "aria-sort": order }, this.isPrinted ? column.label + arrow : button);
    });
    const heads = this.acting?.heads(cells) ?? cells;
    this.header.replaceChildren(...(this.editing?.heads(heads) ?? heads));
    if (focused) [...this.header.querySelectorAll("button")].find((button) => button.dataset.column === focused)?.focus();
  }

  sort(name) {
    const [sorted, isDown] = this.asked.sort ?? [];
    const next = sorted !== name ? [name, false] : isDown ? null : [name, true];
    this.ask({ sort: next, page: 0 });
  }

  merge(rows, order, isNews) {
    for (const [key, values] of Object.entries(rows)) {
      const known = this.items.get(key);
      if (known) this.update(known, values);
      else this.items.set(key, this.item(key, values, isNews));
    }
    const kept = new Set(order);
    for (const [key, item] of this.items) {
      if (!kept.has(key) && !this.editing?.isHeld(item)) this.drop(key);
    }
    if (this.editing?.arrange(order)) return;
    order.forEach((key, place) => {
      const { row } = this.items.get(key);
      if (this.rows.children[place] !== row) put(this.rows, row, this.rows.children[place] ?? null);
    });
  }

  drop(key) {
    this.items.get(key).row.remove();
    this.items.delete(key);
  }

  tune(options) {
    this.options = options;
    for (const [key, { row }] of this.items) this.mark(row, key);
  }

  mark(row, key) {
    if (key === this.options.chosen) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }

  item(key, values, isNews) {
    const cells = this.shown.map((column) => h("td", { class: side(column), "data-label": column.label }));
    const select = () => this.send({ event: "select", value: key });
    const item = { cells, values: [] }, acted = this.acting?.around(item, key) ?? cells;
    item.row = h("tr", this.options.selects && !isAlone() ? {
      class: "selectable", tabindex: 0, onclick: (event) => picked(event) || select(), onkeydown: (event) => event.key === "Enter" && !picked(event) && select(),
    } : {}, this.editing?.around(acted, item, key) ?? acted);
    this.mark(item.row, key);
    if (isNews) {
      item.row.classList.add("arriving");
      setTimeout(() => item.row.classList.remove("arriving"), 2000);
    }
    this.write(item, values, false);
    return item;
  }

  update(item, values) { this.write(item, values, true); }

  write(item, values, isChange) {
    this.shown.forEach((column, place) => {
      const isSame = (at) => JSON.stringify(item.values[at]) === JSON.stringify(values[at]);
      if (isChange && isSame(column.at) && (column.under === null || isSame(column.under))) return;
      const cell = item.cells[place];
      if (this.editing?.holds(item, cell)) return;
      this.fill(cell, column, values);
      if (isChange && this.options.flash && !this.options.cells[column.name]) flash(cell);
    });
    item.values = values;
    this.acting?.write(item, values.slice(this.body.columns.length + (this.editing?.width ?? 0)));
  }

  // other: what stands in the cell instead, by column.
  refill(item, cell, other) {
    const values = this.columns.map(({ name }, at) => (name in other ? other[name] : item.values[at]));
    this.fill(cell, this.shown[item.cells.indexOf(cell)], values);
  }

  fill(cell, column, values) {
    const value = values[column.at];
    const content = this.content(column, value, cell);
    if (column.under === null) cell.replaceChildren(content);
    else cell.replaceChildren(h("b", {}, content), h("br"), this.below(this.body.columns[column.under].name, values[column.under]));
    cell.classList.toggle("mute", value === null);
  }

  below(name, value) {
    const text = cellText(value, "text"), field = value === null ? undefined : this.options.select[name];
    return field ? pickable(h("button", { class: "pick small", type: "button" }, text), field, String(value)) : h("small", { class: "mute" }, text);
  }

  content(column, value, cell) {
    const isTime = column.kind === "time" && !this.options.cells[column.name];
    if (isTime && typeof value === "number" && !column.formatted) {
      const time = h("time", { datetime: new Date(value).toISOString(), title: fullTime(value) });
      if (this.options.times === "relative") tickTime(time, value);
      else setText(time, fullTime(value));
      return time;
    }
    const drawn = drawnCell(this.options.cells[column.name], value, cell.firstChild);
    if (drawn) return drawn;
    const text = column.formatted ? (column.kind === "number" ? localNumber : String)(value ?? "–") : cellText(value, column.kind);
    const isTag = this.options.tags.includes(column.name), field = this.options.select[column.name];
    if (value !== null && (isTag || field)) {
      const look = isTag ? `tag ${this.options.tones[text] ?? ""}` : "pick";
      if (field) return pickable(h("button", { class: look, type: "button" }, text), field, String(value));
      return h("button", { class: look, type: "button", disabled: isAlone(), onclick: (event) => { event.stopPropagation(); this.keep(column.name, value); } }, text);
    }
    const isLong = text.length > (this.shown.length > WIDE ? 24 : 60);
    return h("span", { class: ["json", "bytes", "code"].includes(column.kind) ? "code" : "text", title: isLong ? text.slice(0, 2000) : null }, isLong ? `${text.slice(0, 240)}` : text);
  }

  keepRange(name, both) {
    const { [name]: _, ...others } = this.asked.ranges;
    this.ask({ ranges: both ? { ...others, [name]: both } : others, page: 0 });
  }

  keep(name, value) {
    const { [name]: known, ...others } = this.asked.filters;
    this.ask({ filters: known === String(value) ? others : { ...others, [name]: String(value) }, page: 0 });
  }

  drawFilters() {
    const chip = (name, words, remove) => h("button", { class: "chip", type: "button", "aria-label": `Remove the filter ${name}`, onclick: remove }, `${this.columns.find((one) => one.name === name)?.label ?? name}: ${words} ✕`);
    const bound = (name, text) => (this.columns.find((one) => one.name === name)?.kind === "time" && text ? fullTime(Date.parse(text)) : text);
    this.filters.replaceChildren(
      ...Object.entries(this.body.filters).map(([name, value]) => chip(name, value, () => this.keep(name, value))),
      ...Object.entries(this.body.ranges).map(([name, both]) => chip(name, both.map((text) => bound(name, text)).join(" – "), () => this.keepRange(name, null))),
    );
    this.choosing.refresh();
  }

  tell() {
    const { order, total, page, size, search, filters, ranges } = this.body;
    this.acting?.settle();
    this.editing?.settle();
    const isMatched = isNarrowed() || search !== "" || Object.keys(filters).length + Object.keys(ranges).length > 0;
    this.empty.hidden = order.length > 0;
    setText(this.empty, isMatched ? "No rows match" : page > 0 ? "No rows on this page" : "No rows yet");
    this.tally.hidden = false;
    setText(this.tally, total.toLocaleString());
    const first = page * size;
    setText(this.range, order.length ? `${(first + 1).toLocaleString()}–${(first + order.length).toLocaleString()} of ${total.toLocaleString()}` : "");
    this.back.disabled = page === 0;
    this.forth.disabled = first + size >= total;
    this.pager.hidden = this.roll !== undefined || (page === 0 && total <= size);
    this.table.setAttribute("aria-rowcount", total);
    this.roll?.show(page, order.length, total);
  }
}

const side = (column) => (["number", "time", "clock", "interval"].includes(column.kind) || column.formatted ? "num" : "");

function flash(cell) {
  cell.classList.remove("moved");
  void cell.offsetWidth; // so that a second change flashes again
  cell.classList.add("moved");
}
