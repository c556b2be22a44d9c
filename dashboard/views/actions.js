// Buttons; what came of a click is told by the server, as a toast.
import { link } from "./channel.js";
import { h } from "./dom.js";
import { Card } from "./card.js";

export class ActionsView {
  constructor(options, send) {
    this.card = new Card(options, { skeleton: 0 });
    const number = options.most > 1 ? h("input", { type: "number", min: 1, max: options.most, value: 1, required: true }) : null;
    this.buttons = options.actions.map((action) => h("button", {
      type: "button", class: "chip",
      onclick: () => (number?.reportValidity() ?? true) && send({ event: "do", value: { action, number: number?.valueAsNumber ?? 1 } }),
    }, action));
    this.card.body.append(h("div", { class: "actions online" }, number && h("label", {}, "How many ", number), this.buttons));
    this.card.show({ state: "ready", body: {} }, () => {});
    this.onLink = () => { for (const button of this.buttons) button.disabled = link.state !== "open"; };
    link.addEventListener("change", this.onLink);
    this.onLink();
  }

  get node() { return this.card.node; }

  remove() { link.removeEventListener("change", this.onLink); }

  receive() {}
}
