// What selects a category for the whole page: anything that names a field of the address and a value. One listener for
// a view hears all of its clicks, and shows what is selected. Where no server answers, nothing can be selected.
import { address, asked, toggle } from "./address.js";
import { isAlone, link } from "./channel.js";

const NAMED = ["BUTTON", "LI"];

export class Picks {
  constructor(root) {
    this.root = root;
    this.mark = () => { for (const node of root.querySelectorAll("[data-field]")) mark(node); };
    root.addEventListener("click", (event) => this.hear(event));
    root.addEventListener("keydown", (event) => { if (["Enter", " "].includes(event.key) && event.target.tagName !== "BUTTON") this.hear(event); });
    address.addEventListener("change", this.mark);
    link.addEventListener("alone", this.mark);
  }

  remove() {
    address.removeEventListener("change", this.mark);
    link.removeEventListener("alone", this.mark);
  }

  hear(event) {
    const node = picked(event);
    if (!node || isAlone()) return;
    event.preventDefault();
    toggle(node.dataset.field, node.dataset.value);
  }
}

// The node that was clicked to select, if one was.
export const picked = (event) => event.target.closest?.("[data-field]") ?? null;

// Have a node select a value of a field; without a field, no more.
export function pickable(node, field, value) {
  bait(node, field, value);
  mark(node);
  return node;
}

// The same for the pointer alone, where the keyboard has another way.
export function bait(node, field, value) {
  delete node.dataset.field;
  if (field && value !== null) Object.assign(node.dataset, { field, value });
}

function mark(node) {
  if (!NAMED.includes(node.tagName)) return;
  const { field, value } = node.dataset, canPick = field !== undefined && !isAlone();
  const isButton = node.tagName === "BUTTON";
  if (isButton) node.disabled = !canPick;
  if (!canPick) { for (const name of ["aria-pressed", ...(isButton ? [] : ["role", "tabindex"])]) node.removeAttribute(name); return; }
  if (!isButton) { node.setAttribute("role", "button"); node.setAttribute("tabindex", "0"); }
  node.setAttribute("aria-pressed", String(asked(field) === value));
}
