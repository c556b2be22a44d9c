// Values as the reader writes them: their locale and their time zone, both the browser's own business.
import { setText } from "./dom.js";

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const plainMoment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });
const atDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const atDayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const clockTime = (at) => clock.format(at);
export const preciseTime = (at) => `${clock.format(at)}.${String(Math.floor(at % 1000)).padStart(3, "0")}`;
export const fullTime = (at) => moment.format(at);

// Bokeh counts days in UTC: its ticks are asked for as if the reader's wall clock were UTC, and put back.
export function inReadersZone(ticker) {
  const plain = ticker.get_ticks.bind(ticker);
  const wall = (at) => at - new Date(at).getTimezoneOffset() * 60000;
  const instant = (at) => at + new Date(at + new Date(at).getTimezoneOffset() * 60000).getTimezoneOffset() * 60000;
  ticker.get_ticks = (low, high, ...rest) => {
    if (!Number.isFinite(low + high)) return plain(low, high, ...rest);
    const { major, minor } = plain(wall(low), wall(high), ...rest);
    return { major: major.map(instant), minor: minor.map(instant) };
  };
}

// The server's clock, as far as this page knows it: relative times must not depend on the reader's.
let ahead = 0, frozen = null;
export const setServerTime = (now) => { ahead = now - Date.now(); };
export const freezeTime = (now) => { frozen = now; };
export const serverTime = () => frozen ?? Date.now() + ahead;

// The year is said where it is another than now (in a file: than its snapshot's).
const isThisYear = (at) => new Date(at).getFullYear() === new Date(serverTime()).getFullYear();

export function ago(at) {
  if (frozen !== null) { // a file is read later
    const isToday = dayOfYear.format(at) === dayOfYear.format(frozen);
    return (isToday ? clock : isThisYear(at) ? atDay : atDayOfYear).format(at);
  }
  const seconds = (serverTime() - at) / 1000;
  if (seconds < -5) return fullTime(at);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 86400 * 7) return `${Math.floor(seconds / 86400)} d`;
  return (isThisYear(at) ? day : dayOfYear).format(at);
}

// One timer for all relative times of the page.
const ticking = new Map();
export function tickTime(node, at) {
  node.dateTime = new Date(at).toISOString();
  node.title = fullTime(at);
  ticking.set(node, at);
  setText(node, ago(at));
}
setInterval(() => {
  for (const [node, at] of ticking) {
    if (node.isConnected) setText(node, ago(at));
    else ticking.delete(node);
  }
}, 1000);

// An exact number that came as text keeps its digits; only its groups are the reader's.
const group = (1000).toLocaleString().replace(/\d/g, "")[0] ?? "";
export const localPoint = (0.5).toLocaleString().replace(/\d/g, "")[0] ?? ".";
function exact(text) {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!parts) return text;
  const whole = parts[2].replace(/\B(?=(\d{3})+$)/g, group);
  return parts[1] + whole + (parts[3] === undefined ? "" : localPoint + parts[3]);
}

// A number that the server has formatted: its signs and digits stay, groups and point are the reader's.
export function localNumber(text) {
  const parts = /^(\D*)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(\D*)$/.exec(text ?? "");
  if (!parts) return text;
  return parts[1] + parts[2].replaceAll(",", group) + (parts[3] ? localPoint + parts[3].slice(1) : "") + parts[4];
}

function interval(seconds) {
  const sign = seconds < 0 ? "-" : "";
  let rest = Math.abs(seconds);
  const days = Math.floor(rest / 86400);
  rest -= days * 86400;
  const hours = Math.floor(rest / 3600), minutes = Math.floor((rest % 3600) / 60), left = rest % 60;
  if (days) return `${sign}${days} d ${hours} h`;
  if (hours) return `${sign}${hours} h ${minutes} min`;
  if (minutes) return `${sign}${minutes} min ${Math.round(left)} s`;
  return `${sign}${Number(left.toFixed(3))} s`;
}

export function cellText(value, kind) {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map((item) => cellText(item, "text")).join(", ");
  if (kind === "number") return typeof value === "number" ? number.format(value) : exact(String(value));
  if (kind === "time" && typeof value === "number") return fullTime(value);
  if (kind === "clock" && typeof value === "number") return plainMoment.format(value);
  if (kind === "interval" && typeof value === "number") return interval(value);
  if (kind === "boolean") return value ? "✓" : "✗";
  return String(value);
}
