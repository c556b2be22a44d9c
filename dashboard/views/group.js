// Several views under one heading; a heading that comes from a query stays true.
import { h, setText } from "./dom.js";

export class GroupView {
  constructor(options, send, model) {
    this.options = options;
    const children = model.get_child("objects") ?? [];
    const cells = children.map((content, place) => h("div", { class: "cell", style: `--span:${options.spans[place]}`, "data-span": options.spans[place] }, content));
    const close = options.closes ? h("button", { class: "chip online", type: "button", "aria-label": "Close", onclick: () => send({ event: "close" }) }, "✕") : null;
    this.title = h("h2", {}, options.title);
    this.note = h("p", { class: "soft", hidden: !options.note }, options.note);
    this.grid = h("div", { class: "grid" }, cells);
    const head = options.title || options.caption || close ? h("div", { class: "head" }, this.title, h("span", { class: "aside" }, options.caption), close) : null;
    this.node = h("section", { class: "group", "aria-label": options.title || null }, head, this.note, this.grid);
  }

  receive({ body, state, text }) {
    if (state === "error") setText(this.note, text);
    if (body) {
      setText(this.title, body.there ? body.title : this.options.missing);
      setText(this.note, body.note);
      this.grid.hidden = !body.there;
    }
    this.note.hidden = this.note.textContent === "";
  }
}
