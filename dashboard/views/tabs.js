// Tabs: the server puts the views of the open one here, and takes those of the others away.
import { address, asked, ignore } from "./address.js";
import { h } from "./dom.js";

export class TabsView {
  constructor(options, send, model) {
    this.send = send;
    const objects = model.get_child("objects") ?? [];
    this.pages = options.whole ? objects.map((one, place) => h("div", { class: "tab-page", "data-title": options.tabs[place] }, one)) : [];
    const [content, ...aside] = options.whole ? [this.pages] : objects;
    this.buttons = options.tabs.map((name) => h("button", {
      type: "button", role: "tab", id: `tab-${name}`, onclick: () => this.open(name), onkeydown: (event) => this.step(event),
    }, name));
    this.panel = h("div", { class: "tab-panel", role: "tabpanel" }, content);
    this.node = h("div", { class: "tabs" },
      h("div", { class: "bar" }, h("div", { class: "tab-list", role: "tablist", "aria-label": options.title || "Tabs" }, this.buttons), h("span", { class: "push" }), aside.map((one) => h("div", { class: "tool" }, one))),
      this.panel);
    this.mark(options.active);
    this.place = options.place;
    this.first = options.first;
    this.onAddress = () => this.follow();
    address.addEventListener("change", this.onAddress);
    this.follow();
  }

  remove() { address.removeEventListener("change", this.onAddress); }

  // The server follows the address as well.
  follow() {
    const text = this.place ? asked(this.place) : null;
    const name = text === null ? this.first : this.buttons.map((button) => button.textContent).find((one) => one.toLowerCase() === text.toLowerCase());
    ignore(this.place, name ? null : `There is no tab “${text}”.`);
    if (name && this.place && name !== this.active) this.mark(name);
  }

  receive() {}

  open(name) {
    if (name === this.active) return;
    this.mark(name);
    if (!this.pages.length) this.send({ event: "open", value: name });
  }

  mark(name) {
    this.active = name;
    for (const button of this.buttons) {
      const isOpen = button.textContent === name;
      button.setAttribute("aria-selected", String(isOpen));
      button.tabIndex = isOpen ? 0 : -1;
      button.classList.toggle("online", !isOpen && !this.pages.length); // what a closed one shows, only a server can bring
    }
    for (const page of this.pages) page.classList.toggle("closed", page.dataset.title !== name);
    this.panel.setAttribute("aria-label", name);
  }

  step(event) {
    const places = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
    if (!(event.key in places)) return;
    event.preventDefault();
    const last = this.buttons.length - 1, here = this.buttons.indexOf(event.target), by = places[event.key];
    const there = Number.isFinite(by) ? (here + by + last + 1) % (last + 1) : by < 0 ? 0 : last;
    this.buttons[there].focus();
    this.open(this.buttons[there].textContent);
  }
}
