// A list of any length in a table: a window of its rows is in the page, two empty bodies stand for all others.
// It scrolls with the page, so that there is no scroll bar inside another.
import { h } from "./dom.js";

const EARLY = 6; // rows before the window's edge at which the next window is asked for
const TALLEST = 12e6; // px: browsers draw nothing that is much taller

export class Roll {
  constructor(rows, { size, step }, ask) {
    Object.assign(this, { rows, size, step, ask });
    this.height = 36;
    this.above = h("tbody", { class: "space", "aria-hidden": "true" });
    this.below = h("tbody", { class: "space", "aria-hidden": "true" });
    rows.before(this.above);
    rows.after(this.below);
    this.onScroll = () => { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.look(); }); };
    addEventListener("scroll", this.onScroll, { passive: true });
    addEventListener("resize", this.onScroll, { passive: true });
  }

  remove() {
    removeEventListener("scroll", this.onScroll);
    removeEventListener("resize", this.onScroll);
  }

  // The rows that are drawn are those from `page * step` on, of `total`.
  show(page, count, total) {
    this.page = this.wanted = page;
    this.total = Math.min(total, Math.floor(TALLEST / this.height));
    const first = this.rows.firstElementChild, last = this.rows.lastElementChild;
    if (count) this.height = (last.getBoundingClientRect().bottom - first.getBoundingClientRect().top) / count || this.height;
    stretch(this.above, page * this.step * this.height);
    stretch(this.below, (this.total - page * this.step - count) * this.height);
    this.onScroll();
  }

  look() {
    if (this.total === undefined || !this.rows.isConnected) return;
    const start = this.rows.getBoundingClientRect().top - this.page * this.step * this.height;
    const first = Math.max(0, Math.floor(-start / this.height)), last = Math.min(this.total, Math.ceil((innerHeight - start) / this.height));
    const from = this.wanted * this.step, to = from + this.size;
    const isShort = (first < from + EARLY && from > 0) || (last > to - EARLY && to < this.total);
    if (!isShort || last <= 0) return;
    const page = Math.max(0, Math.min(Math.round(((first + last - this.size) / 2) / this.step), Math.ceil((this.total - this.size) / this.step)));
    if (page === this.wanted) return;
    this.wanted = page;
    this.ask(page);
  }

  // After another order or search: back to the first row, if the reader has left it behind.
  rewind(table) {
    if (table.getBoundingClientRect().top < 0) table.scrollIntoView({ block: "start" });
  }
}

function stretch(body, height) {
  if (height <= 0) { body.replaceChildren(); return; }
  if (!body.firstChild) body.append(h("tr", {}, h("td", { colspan: 99 })));
  body.firstChild.firstChild.style.height = `${Math.round(height)}px`;
}
