// A card around what Panel draws.
import { Card } from "./card.js";

export class PaneView {
  constructor(options, send, model) {
    this.card = new Card(options);
    this.card.body.append(...(model.get_child("objects") ?? []));
    this.card.body.hidden = false; // Bokeh measures what it lays out
  }

  get node() { return this.card.node; }

  receive(picture) { this.card.show(picture, () => {}); }
}
