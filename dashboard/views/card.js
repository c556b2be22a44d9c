// What all views share: the card, its heading, and its states.
import { h, setText } from "./dom.js";

const FAULTS = { authentication: "Access", data: "Data", live: "Database" };

// What is wrong on this page: card → {title, text, fault}; it says when that changes.
export const troubles = Object.assign(new EventTarget(), { all: new Map() });

export class Card {
  // Of `lines` lines, each `line` px high, and `more` px the skeleton is as high as the body will be.
  constructor(options, { className = "", skeleton = 3, head = true, lines = 0, line = 0, more = 0 } = {}) {
    this.title = h("h2", {}, options.title ?? "");
    this.aside = h("span", { class: "aside" }, options.caption ?? "");
    this.head = h("div", { class: "head" }, this.title, this.aside);
    this.error = h("div", { class: "problem", role: "status", hidden: true });
    this.skeleton = h("div", { class: "skeleton", "aria-hidden": "true", style: `--lines:${lines};--line:${line};--more:${more}` }, Array.from({ length: skeleton }, () => h("i")));
    this.body = h("div", { class: "body", hidden: true });
    this.node = h("section", { class: `card ${className}`, "aria-busy": "true", "aria-label": options.title || null });
    if (head && (options.title || options.caption)) this.node.append(this.head);
    this.node.append(this.error, this.skeleton, this.body);
    this.state = "loading";
  }

  // `picture.state`: loading, ready or error; an error keeps the last rows in sight.
  show(picture, draw) {
    if (picture.state) {
      this.state = picture.state;
      this.error.hidden = picture.state !== "error";
      const fault = FAULTS[picture.fault];
      this.error.replaceChildren(...(picture.state === "error" ? [fault ? h("b", {}, `${fault}: `) : null, picture.text].filter(Boolean) : []));
      this.trouble(picture.state === "error" ? { title: this.title.textContent.trim(), text: picture.text, fault: picture.fault } : null);
    }
    if (picture.body !== undefined) {
      draw(picture.body);
      this.body.hidden = false;
      this.skeleton.remove();
      this.node.removeAttribute("aria-busy");
    } else if (picture.state === "error") {
      this.skeleton.remove();
      this.node.removeAttribute("aria-busy");
    }
  }

  trouble(what) {
    if (what === null && !troubles.all.has(this)) return;
    if (what === null) troubles.all.delete(this);
    else troubles.all.set(this, what);
    troubles.dispatchEvent(new Event("change"));
  }

  markStale(is) { this.node.classList.toggle("stale", is); }
}
