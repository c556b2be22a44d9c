// A query's rows, and below them how it is kept true.
import { h, setText } from "./dom.js";

export class GlanceView {
  constructor(options, send, model) {
    const [table, status] = model.get_child("objects");
    this.plan = h("b", { class: "tag" });
    this.reason = h("span", { class: "soft" });
    this.foot = h("p", { class: "glance-foot" }, this.plan, this.reason);
    this.node = h("section", { class: "glance" }, table, h("div", { class: "glance-line" }, status, this.foot));
  }

  receive({ body }) {
    if (!body) return;
    setText(this.plan, body.plan);
    setText(this.reason, body.reason);
  }
}
