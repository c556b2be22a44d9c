// Refresh now. How often is the server's decision; the button only counts down to it.
import { h, setText } from "./dom.js";
import { serverTime } from "./format.js";

export class RefreshView {
  constructor(options, send) {
    this.title = options.title;
    this.label = h("span", {}, this.title);
    this.button = h("button", { class: "chip", type: "button", "aria-label": this.title, onclick: () => send({ event: "refresh" }) }, "↻ ", this.label);
    this.problem = h("span", { class: "bad", role: "status", hidden: true });
    this.node = h("div", { class: "control online" }, this.button, this.problem);
    this.phase = "rested";
    this.until = 0;
  }

  remove() { clearTimeout(this.timer); }

  receive({ body }) {
    if (!body) return;
    this.phase = body.phase;
    this.until = body.until;
    this.problem.hidden = body.problem === "";
    setText(this.problem, body.problem);
    this.tell();
  }

  tell() {
    clearTimeout(this.timer);
    const left = Math.ceil((this.until - serverTime()) / 1000);
    this.button.disabled = this.phase === "busy" || left > 0;
    const words = { busy: "Refreshing…", done: `Up to date · ${left} s`, failed: `Not refreshed · ${left} s`, rested: `${left} s` };
    setText(this.label, this.phase === "busy" || left > 0 ? words[this.phase] : this.title);
    if (left > 0) this.timer = setTimeout(() => this.tell(), 250);
  }
}
