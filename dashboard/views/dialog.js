// A question that wants an answer before anything else: above the page, the keyboard stays in it, and goes back to where it was.
// One at a time; others wait. What it shows is text.
import { adopt, h } from "./dom.js";

const dialogs = []; // the one that is open, and those that wait
let dialogPlace = null;

// foot: buttons. dismissed: called where it is closed without a choice (Escape). Returns { node, close }.
export function openDialog({ title, text = "", body = [], foot = [], key = null, form = null, dismissed = () => {} }) {
  const known = key === null ? null : dialogs.find((one) => one.key === key);
  if (known) return known;
  const heading = h("h2", { id: "dialog-title" }, title);
  const content = [heading, text ? h("p", { class: "soft" }, text) : null, ...body, h("div", { class: "buttons" }, foot)];
  const node = h("dialog", { class: "root dialog", autofocus: true, "aria-labelledby": "dialog-title" }, form ? h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); form(); } }, content) : content);
  const dialog = { key, node, close };
  node.addEventListener("cancel", (event) => { event.preventDefault(); close(); dismissed(); });
  dialogs.push(dialog);
  if (dialogs.length === 1) showDialog();
  return dialog;

  function close() {
    const place = dialogs.indexOf(dialog);
    if (place < 0) return;
    dialogs.splice(place, 1);
    if (node.open) node.close();
    node.remove();
    if (place === 0 && dialogs.length) showDialog();
  }
}

export const isDialogOpen = () => dialogs.length > 0;

export function closeDialog(key) { dialogs.find((one) => one.key === key)?.close(); }

function showDialog() {
  if (dialogPlace === null) {
    const host = h("div", { class: "d-dialogs" });
    dialogPlace = host.attachShadow({ mode: "open" });
    adopt(dialogPlace, viewsCss);
    document.body.append(host);
  }
  dialogPlace.append(dialogs[0].node);
  dialogs[0].node.showModal();
}

export const choiceButton = (label, act, isMain = false) => h("button", { type: "button", class: isMain ? "chip main" : "chip", onclick: act }, label);
