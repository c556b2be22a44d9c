// Two people changed the same: what one saw, what is there now, and what one wrote, column by column. Closed without a choice,
// it is offered again as a toast: nothing is decided by itself.
import { h } from "./dom.js";
import { cellText } from "./format.js";
import { channelNamed, link } from "./channel.js";
import { choiceButton, closeDialog, openDialog } from "./dialog.js";

link.addEventListener("message", ({ detail }) => { for (const asked of detail.dialogs ?? []) askOnConflict(asked); });

function askOnConflict({ outcome, gone, title, text, columns, isUndo, view, token }) {
  if (gone) { closeDialog(outcome); return; }
  const say = (choice, chosen) => {
    dialog.close();
    channelNamed(token)?.send(view, { event: "outcome", value: { outcome, choice, columns: chosen } });
  };
  const all = (who) => Object.fromEntries(columns.map(({ name }) => [name, who]));
  const chosen = {};
  const hasMine = columns.some((column) => "mine" in column), isMany = hasMine && columns.length > 1;
  const merge = choiceButton("Save my choice", () => say("resolve", chosen), true);
  const weigh = () => {
    merge.disabled = Object.keys(chosen).length < columns.length;
    merge.title = merge.disabled ? "Choose theirs or mine in each first" : "";
  };
  weigh();
  const choose = (name, who) => { chosen[name] = who; weigh(); };
  const [theirs, mine] = !hasMine ? ["Leave it", "Do it all the same"] : isUndo ? ["Leave it", "Take it back"] : isMany ? ["All theirs", "All mine"] : ["Keep theirs", "Use mine"];
  const words = isUndo ? ["You had written", "Now", "Before"] : ["You saw", "Theirs", "Mine"];
  const dialog = openDialog({
    key: outcome, title, text, dismissed: () => say("later"),
    body: [...columns.map((column) => dispute(column, words, isMany ? choose : null)), isMany ? h("p", { class: "mute hint" }, "Choose in each, or all at once.") : null].filter(Boolean),
    foot: [
      choiceButton(theirs, () => say("resolve", all("theirs"))),
      choiceButton(mine, () => say("resolve", all("mine")), !isMany),
      isMany ? merge : null,
    ].filter(Boolean),
  });
}

// One column; where there are several, each is chosen by itself.
function dispute(column, words, choose) {
  const side = (who, place) => {
    if (!(who in column)) return null;
    const value = h("b", { class: column[who] === null ? "mute" : null }, cellText(column[who], column.kind));
    if (!choose || who === "seen") return h("div", { class: "side" }, h("span", { class: "mute" }, words[place]), value);
    const radio = h("input", { type: "radio", name: `choice ${column.name}`, onchange: () => choose(column.name, who) });
    return h("label", { class: "side" }, radio, h("span", { class: "mute" }, words[place]), value);
  };
  return h("fieldset", { class: "dispute" }, h("legend", {}, column.label), ["seen", "theirs", "mine"].map(side));
}
