// A button that opens a small sheet below it; the browser closes it on Escape and on a click elsewhere.
import { h, setText } from "./dom.js";

export class Menu {
  constructor(label, name, fill, { onClose, icon = null } = {}) {
    this.fill = fill;
    this.label = h("span", { "data-icon": icon }, label);
    this.sheet = h("div", { class: "menu", popover: "auto", role: "dialog", "aria-label": name });
    this.button = h("button", { class: "chip", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": name, onclick: () => this.sheet.togglePopover() }, this.label);
    this.node = h("span", { class: "menu-place" }, this.button, this.sheet);
    this.sheet.addEventListener("beforetoggle", (event) => { if (event.newState === "open") this.draw(); });
    this.sheet.addEventListener("toggle", (event) => {
      this.isOpen = event.newState === "open";
      this.button.setAttribute("aria-expanded", String(this.isOpen));
      if (this.isOpen) this.place();
      else onClose?.();
    });
  }

  say(label) { setText(this.label, label); }

  draw() { this.sheet.replaceChildren(...[this.fill(this)].flat().filter((one) => one != null)); }

  close() { if (this.isOpen) this.sheet.hidePopover(); }

  place() {
    const at = this.button.getBoundingClientRect(), { offsetWidth: width, offsetHeight: height } = this.sheet;
    const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8));
    const isAbove = at.bottom + 4 + height > innerHeight && at.top > height + 8;
    this.sheet.style.left = `${left}px`;
    this.sheet.style.top = `${isAbove ? at.top - height - 4 : at.bottom + 4}px`;
    this.sheet.querySelector("input, button, select")?.focus({ preventScroll: true });
  }
}

export function check(label, isOn, onchange) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", checked: isOn, onchange: (event) => onchange(event.target.checked) }), h("span", {}, label));
}
