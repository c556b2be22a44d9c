// Two people changed the same: what one saw, what is there now, and what one wrote, column by column. Closed without a choice,
// it is offered again as a toast: nothing is decided by itself.
import { h } from "./dom.js";
import { cellText } from "./format.js";
import { channelNamed, link } from "./channel.js";
import { choiceButton, closeDialog, openDialog } from "./dialog.js";

link.addEventListener("message", ({ detail }) => { for (const asked of detail.dialogs ?? []) askOnConflict(asked); });

function askOnConflict({ outcome, gone, title, text, columns, view, token }) {
  if (gone) { closeDialog(outcome); return; }
  const say = (choice, chosen) => {
    dialog.close();
    channelNamed(token)?.send(view, { event: "outcome", value: { outcome, choice, columns: chosen } });
  };
  const all = (who) => Object.fromEntries(columns.map(({ name }) => [name, who]));
  const chosen = {};
  const hasMine = columns.some((column) => "mine" in column), isMany = hasMine && columns.length > 1;
  const merge = choiceButton("Save my choice", () => say("resolve", chosen), true);
  merge.disabled = true;
  const choose = (name, who) => { chosen[name] = who; merge.disabled = Object.keys(chosen).length < columns.length; };
  const dialog = openDialog({
    key: outcome, title, text, dismissed: () => say("later"),
    body: columns.map((column) => dispute(column, isMany ? choose : null)),
    foot: [
      h("button", { type: "button", class: "act", onclick: () => say("discard") }, "Discard"),
      choiceButton(hasMine ? (isMany ? "All theirs" : "Keep theirs") : "Leave it", () => say("resolve", all("theirs"))),
      choiceButton(hasMine ? (isMany ? "All mine" : "Use mine") : "Do it all the same", () => say("resolve", all("mine")), !isMany),
      isMany ? merge : null,
    ].filter(Boolean),
  });
}

// One column; where there are several, each is chosen by itself.
function dispute(column, choose) {
  const side = (who, words) => {
    if (!(who in column)) return null;
    const value = h("b", { class: column[who] === null ? "mute" : null }, cellText(column[who], column.kind));
    if (!choose || who === "seen") return h("div", { class: "side" }, h("span", { class: "mute" }, words), value);
    const radio = h("input", { type: "radio", name: `choice ${column.name}`, onchange: () => choose(column.name, who) });
    return h("label", { class: "side" }, radio, h("span", { class: "mute" }, words), value);
  };
  return h("fieldset", { class: "dispute" }, h("legend", {}, column.label), side("seen", "You saw"), side("theirs", "Theirs"), side("mine", "Mine"));
}
