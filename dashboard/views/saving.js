// What a reader has written to a row and the database has not decided yet: a mark beside what can be done with it.
import { h } from "./dom.js";

const STATES = { waiting: "Is being saved", sent: "Is being saved", kept: "Will be saved when the database is back" };

export const savingMark = () => h("span", { class: "state", role: "status", hidden: true });

// item: { row, state }, whose mark says it; state: empty when nothing waits.
export function showSaving(item, state) {
  if (item.pending === state) return;
  item.pending = state;
  item.row.dataset.pending = state;
  item.state.hidden = state === "";
  item.state.replaceChildren(state === "" ? "" : h("span", { class: "spoken" }, STATES[state] ?? state));
  item.state.title = STATES[state] ?? "";
}
