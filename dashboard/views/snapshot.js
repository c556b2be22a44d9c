// At the foot of a page: when its snapshot was taken and, opened, at which snapshot each of its views is true.
import { channelOf, link } from "./channel.js";
import { h, setText } from "./dom.js";
import { preciseTime } from "./format.js";

const UNTITLED = { choices: "Filters" };
const WAITS = "not the newest";
const EVERY = 1000; // ms between two questions while it is open: what is true moves on where nothing is drawn anew

export class SnapshotView {
  constructor(place) {
    this.channel = channelOf(place);
    this.time = h("summary");
    this.list = h("ul");
    this.node = h("details", { class: "snapshot", hidden: true, ontoggle: () => this.ask() }, this.time, this.list);
    this.onMessage = (event) => this.hear(event.detail);
    link.addEventListener("message", this.onMessage);
    this.timer = setInterval(() => this.ask(), EVERY);
  }

  remove() {
    clearInterval(this.timer);
    link.removeEventListener("message", this.onMessage);
  }

  ask() { if (this.node.open) this.channel.say({ snapshots: true }); }

  hear(message) {
    if (message.snapshots) {
      this.draw(message.snapshots);
      return;
    }
    if (link.at === null) return;
    this.node.hidden = false;
    setText(this.time, `One snapshot for the whole page: ${preciseTime(link.at)}`);
    this.ask();
  }

  draw(snapshots) {
    const views = new Map();
    for (const [name, snapshot] of Object.entries(snapshots)) {
      const view = this.channel.views.get(name);
      const title = view?.title?.() || view?.model.options.title || UNTITLED[view?.model.kind] || (view?.model.kind ?? "part");
      views.set(snapshot ?? WAITS, [...(views.get(snapshot ?? WAITS) ?? []), title]);
    }
    this.list.replaceChildren(...[...views].map(([snapshot, titles]) => (
      h("li", { "data-snapshot": snapshot, "data-views": String(titles.length) }, `${snapshot} · ${titles.join(", ")}`)
    )));
  }
}
