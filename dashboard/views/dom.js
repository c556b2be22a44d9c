// Building the page. Text goes in as text nodes only: nothing that comes from a database is ever parsed as HTML.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Write only what differs: an unchanged node keeps its selection, its focus and its place in the accessibility tree.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// What is moved keeps its focus and its open menu, where the browser can do that.
export function put(rows, row, before) {
  const { activeElement } = rows.getRootNode(), isFocused = row.contains(activeElement);
  if (row.parentNode === rows && rows.moveBefore) rows.moveBefore(row, before);
  else rows.insertBefore(row, before);
  if (isFocused && rows.getRootNode().activeElement !== activeElement) activeElement.focus({ preventScroll: true });
}

const sheets = new Map();
export function adopt(root, css) {
  if (!sheets.has(css)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(css, sheet);
  }
  const sheet = sheets.get(css);
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

// Colours of categories: the same value of the same column has the same colour in every view of the page.
// Where a page or a feed declares the values, their order is that of the colours. All others have theirs by what they
// are, whoever looks and whatever else there is; only of two that would be alike and are seen together, one gives way.
const PALETTE = 8;
const coloured = new Map();
export function colour(column, value) {
  const values = coloursOf(column);
  if (!values.has(value)) give(values, value, hash(String(value)) % PALETTE);
  return `--d-c${values.get(value)}`;
}

export function settleColours(column, every) {
  for (const value of [...new Set(every)].sort()) colour(column, value);
}

export function declareColours(column, values) {
  const known = coloursOf(column);
  for (const value of values) if (!known.has(value)) give(known, value, 0);
}

function coloursOf(column) {
  if (!coloured.has(column)) coloured.set(column, new Map());
  return coloured.get(column);
}

// The first colour from this place on that no other value has; once all are given, they are given again.
function give(values, value, place) {
  const taken = new Set([...values.values()].slice(Math.floor(values.size / PALETTE) * PALETTE));
  while (taken.has(place + 1)) place = (place + 1) % PALETTE;
  values.set(value, place + 1);
}

function hash(text) {
  let found = 2166136261;
  for (const letter of text) found = Math.imul(found ^ letter.codePointAt(0), 16777619);
  return (found ^ (found >>> 15)) >>> 0;
}

export function token(name, at = document.documentElement) {
  return getComputedStyle(at).getPropertyValue(name).trim();
}

export const themeChanged = new EventTarget();
new MutationObserver(() => themeChanged.dispatchEvent(new Event("change"))).observe(
  document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme"] },
);
