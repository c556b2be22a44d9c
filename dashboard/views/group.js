// Several views under one heading.
import { h } from "./dom.js";

export class GroupView {
  constructor(options, send, model) {
    const children = model.get_child("objects") ?? [];
    const cells = children.map((content, place) => h("div", { class: "cell", style: `--span:${options.spans[place]}`, "data-span": options.spans[place] }, content));
    const close = options.closes ? h("button", { class: "chip", type: "button", "aria-label": "Close", onclick: () => send({ event: "close" }) }, "✕") : null;
    this.node = h("section", { class: "group", "aria-label": options.title || null },
      h("div", { class: "head" }, h("h2", {}, options.title), h("span", { class: "aside" }, options.caption), close),
      options.note ? h("p", { class: "soft" }, options.note) : null,
      h("div", { class: "grid" }, cells));
  }

  receive() {}
}
