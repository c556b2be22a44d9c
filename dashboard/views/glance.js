// A query's rows, and below them how it is kept true.
import { h, setText } from "./dom.js";

export class GlanceView {
  constructor(options, send, model) {
    const [table, status] = model.get_child("objects");
    this.plan = h("b", { class: "tag" });
    this.reason = h("span", { class: "soft" });
    this.foot = h("p", { class: "glance-foot" }, this.plan, this.reason);
    const line = status ? [h("div", { class: "glance-line" }, status, this.foot)] : []; // a report has the rows alone
    this.node = h("section", { class: "glance" }, table, ...line);
  }

  receive({ body }) {
    if (!body) return;
    setText(this.plan, body.plan);
    setText(this.reason, body.reason);
  }
}
