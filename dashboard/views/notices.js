// What has just been said, at the edge of the page. Each notice goes by itself, but not while somebody reads it.
import { colour, declareColours, h } from "./dom.js";
import { serverTime, tickTime } from "./format.js";
import { worded } from "./wording.js";

export class NoticesView {
  constructor(options) {
    this.options = options;
    declareColours(options.category, options.kinds);
    this.shown = new Map(); // key → its notice
    this.node = h("div", { class: "notices", role: "log", "aria-live": "polite", "aria-label": options.title || "Notices" });
  }

  remove() {
    for (const key of [...this.shown.keys()]) this.drop(key);
  }

  receive(picture) {
    const { rows = {}, order, front } = picture.step ?? picture.body ?? {};
    for (const key of [...(order ?? front ?? Object.keys(rows))].reverse()) if (rows[key]) this.tell(key, rows[key]);
  }

  tell(key, row) {
    const left = this.options.lasts * 1000 - (serverTime() - row.at);
    if (left <= 0) return; // said before this page came
    const known = this.shown.get(key);
    const notice = known ?? this.make(key);
    const [dot, text, time] = notice.children;
    dot.style.setProperty("--dot", `var(${colour(this.options.category, row.kind)})`);
    dot.title = row.kind;
    text.replaceChildren(...worded(row.line));
    tickTime(time, row.at);
    clearTimeout(notice.timer);
    notice.until = row.at + this.options.lasts * 1000;
    notice.timer = setTimeout(() => this.end(key), left);
    if (known) return;
    this.shown.set(key, notice);
    this.node.append(notice);
    while (this.shown.size > this.options.limit) this.drop(this.shown.keys().next().value);
  }

  make(key) {
    const close = h("button", { type: "button", "aria-label": "Put away", onclick: () => this.drop(key) }, "×");
    const notice = h("div", { class: "notice" }, h("i"), h("span"), h("time"), close);
    for (const name of ["mouseleave", "focusout"]) notice.addEventListener(name, () => this.end(key));
    return notice;
  }

  end(key) {
    const notice = this.shown.get(key);
    if (notice && serverTime() >= notice.until && !notice.matches(":hover, :focus-within")) this.drop(key);
  }

  drop(key) {
    const notice = this.shown.get(key);
    clearTimeout(notice?.timer);
    notice?.remove();
    this.shown.delete(key);
  }
}
