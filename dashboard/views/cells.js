// Cells that show more than text: time that runs, time that is left, a share as a bar, numbers as a line, code.
import { h, setText, svg } from "./dom.js";
import { fullTime, serverTime } from "./format.js";

const LINE = 60; // characters of code that are shown as they are
const SOON = 10; // seconds left that deserve attention
const percentage = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const running = new Map(); // node → {at, isLeft}

// One timer for all clocks of the page; it beats on the second of the server's clock, so that all change together.
function beatClocks() {
  for (const [node, clock] of running) {
    if (node.isConnected) setClock(node, clock);
    else running.delete(node);
  }
  setTimeout(beatClocks, 1000 - (serverTime() % 1000));
}
beatClocks();

function setClock(node, { at, isLeft }) {
  const seconds = Math.max(0, Math.floor(((isLeft ? at - serverTime() : serverTime() - at) / 1000) + (isLeft ? 0.999 : 0)));
  setText(node, clockText(seconds));
  if (isLeft) node.classList.toggle("soon", seconds <= SOON);
}

export function clockText(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  if (seconds >= 86400) return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
  const hours = Math.floor(seconds / 3600), minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function clockNode(at, isLeft) {
  const node = h("time", { class: "clock", role: "timer", datetime: new Date(at).toISOString(), title: fullTime(at) });
  running.set(node, { at, isLeft });
  setClock(node, running.get(node));
  return node;
}

// A bar that is there already moves on, so that one sees by how much.
function bar(share, old) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  const node = old?.classList?.contains("share") ? old
    : h("span", { class: "share" }, h("span", { class: "track", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, h("i")), h("span"));
  const [track, text] = node.children;
  track.setAttribute("aria-valuenow", percent);
  track.firstChild.style.width = `${percent}%`;
  setText(text, percentage.format(percent / 100));
  return node;
}

function strokes(values) {
  const known = values.map(Number).filter(Number.isFinite);
  const drawing = svg("svg", { class: "strokes", viewBox: "0 0 72 20", "aria-hidden": "true" });
  if (known.length < 2) return drawing;
  const low = Math.min(...known), range = Math.max(...known) - low || 1, step = 68 / (known.length - 1);
  const points = known.map((value, place) => [2 + place * step, 17 - ((value - low) / range) * 14]);
  drawing.append(svg("polyline", { points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ") }));
  const [x, y] = points[points.length - 1];
  drawing.append(svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 2 }));
  return drawing;
}

// One line of it, which opens to all of it; what was open stays open.
function code(text, old) {
  const short = text.replace(/^\s*--.*$/gm, "").replace(/\s+/g, " ").trim();
  if (short.length <= LINE && !text.includes("\n")) return h("span", { class: "code" }, text);
  return h("details", { class: "code", open: (old?.open ?? old?.firstChild?.open) === true, onclick: (event) => event.stopPropagation() }, h("summary", { title: text }, h("span", {}, short)), h("pre", {}, text));
}

const DRAWN = {
  timer: (value) => (typeof value === "number" ? clockNode(value, false) : null),
  countdown: (value) => (typeof value === "number" ? clockNode(value, true) : null),
  bar: (value, old) => (value === null || Number.isNaN(Number(value)) ? null : bar(Number(value), old)),
  line: (value) => (Array.isArray(value) ? strokes(value) : null),
  code: (value, old) => (typeof value === "string" ? code(value, old) : null),
};

// A node for a value, or null where it is nothing that can be drawn so; `old` is what stood there.
export function drawnCell(kind, value, old) { return DRAWN[kind]?.(value, old) ?? null; }
