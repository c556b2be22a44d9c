// A switch: what it shows is what the server says; what was asked for is busy until then.
import { isAlone, link } from "./channel.js";
import { h, setText } from "./dom.js";

export class SwitchView {
  constructor(options, send) {
    this.options = options;
    this.knob = h("button", { class: "switch", type: "button", role: "switch", "aria-checked": "false", disabled: true, onclick: () => this.turn() }, h("i"), h("span", {}, options.title));
    this.problem = h("span", { class: "bad", role: "status", hidden: true });
    this.node = h("div", { class: "control" }, this.knob, this.problem);
    this.send = send;
    this.on = null;
    this.onAlone = () => { this.knob.disabled = this.on === null; };
    link.addEventListener("alone", this.onAlone);
  }

  remove() { link.removeEventListener("alone", this.onAlone); }

  turn() {
    this.knob.setAttribute("aria-busy", "true");
    this.send({ event: "turn", value: !this.on });
  }

  receive(picture) {
    const { body, state, text } = picture;
    if (body) {
      this.on = body.on;
      this.knob.disabled = body.on === null || isAlone();
      this.knob.setAttribute("aria-checked", String(Boolean(body.on)));
      if (body.attempt !== this.attempt || body.problem) this.knob.removeAttribute("aria-busy");
      this.attempt = body.attempt;
    }
    const problem = state === "error" ? text : body?.problem ?? "";
    this.problem.hidden = problem === "";
    setText(this.problem, problem);
  }
}
