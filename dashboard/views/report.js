// A page that is a file: what a server would have said stands in one block of JSON in the page itself.
const kept = document.getElementById("dashboard-report");
export const report = kept && JSON.parse(kept.textContent);
export const REPORT = "report"; // the token of a page that is a file

// What a channel of a file answers: all that is known of the views that are asked for, and at which snapshots it is true.
export function reported({ want, snapshots }, tell) {
  const [whole, ...rest] = report.messages;
  if (want) {
    const bind = Object.fromEntries(Object.entries(whole.bind).filter(([name]) => name in want));
    const strands = new Set(Object.values(bind));
    tell({ ...whole, bind, updates: whole.updates.filter(({ strand }) => strands.has(strand)) });
  }
  if (want || snapshots) for (const message of rest) tell(message);
}
