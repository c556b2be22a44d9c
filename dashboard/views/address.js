// The address says what the page shows, so that a link shows it again. Panel's Location model is its other reader and
// writer: what is written here reaches the server by it, and what the server writes comes from there.
const dropped = new Map(); // what the address asks for and the page does not have: name → sentence
export const address = new EventTarget();
let memory = ""; // in a notebook the address is not ours

// Panel pushes every change, those of the way back too: an address that is there already is no step of its own.
const push = history.pushState.bind(history);
history.pushState = (state, title, url) => {
  if (url == null || new URL(url, document.baseURI).href !== window.location.href) push(state, title, url);
};

let model = null;
function owner() {
  if (model) return model;
  const roots = globalThis.Bokeh?.documents?.flatMap((one) => one.roots()) ?? [];
  model = roots.find((root) => root.type?.endsWith("location.Location")) ?? null;
  model?.properties.search.change.connect(() => address.dispatchEvent(new Event("change")));
  return model;
}

const search = () => (owner() ? window.location.search : memory);
export const said = () => new URLSearchParams(search());
export const asked = (name) => said().get(name);

// Write; null takes a name out. A step is one the browser's way back goes through.
export function remember(values, isStep = true) {
  const all = said();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") all.delete(name);
    else all.set(name, value);
    dropped.delete(name);
  }
  go(all.size ? `?${String(all).replaceAll("%2C", ",").replaceAll("%3A", ":")}` : "", isStep);
}

export function go(wanted, isStep = true) {
  if (wanted === search()) return;
  const known = owner();
  if (known) {
    const { pathname, hash } = window.location;
    if (isStep) push({}, "", `${pathname}${wanted}${hash}`);
    else history.replaceState({}, "", `${pathname}${wanted}${hash}`);
    known.search = wanted; // which says that it has changed
  } else {
    memory = wanted;
    address.dispatchEvent(new Event("change"));
  }
}

addEventListener("popstate", () => {
  const known = owner();
  if (known && known.search !== window.location.search) known.search = window.location.search;
});

// Select categories for the whole page, or all again (null); tables begin at their first page then.
export function select(values) {
  const pages = [...said().keys()].filter((name) => name.endsWith(".page")).map((name) => [name, null]);
  remember({ ...Object.fromEntries(pages), ...values });
}

// A click on a category selects it; another click on it, all again.
export const toggle = (name, value) => select({ [name]: asked(name) === value ? null : value });

// What can be selected on this page, so that an empty view knows whether it is for want of rows.
export const selectable = new Set();
export const isNarrowed = () => [...selectable].some((name) => asked(name) !== null);

// Say in one line what is ignored, or that it is not any more (null).
export function ignore(name, sentence) {
  if ((dropped.get(name) ?? null) === sentence) return;
  if (sentence === null) dropped.delete(name);
  else dropped.set(name, sentence);
  address.dispatchEvent(new Event("ignored"));
}
export const ignored = () => [...dropped.values()];
export const forget = () => { const names = [...dropped.keys()]; dropped.clear(); remember(Object.fromEntries(names.map((name) => [name, null])), false); address.dispatchEvent(new Event("ignored")); };
