// Lines of words: text as it came, figures and times as the reader writes them. All of it goes in as text nodes.
import { h } from "./dom.js";
import { cellText, fullTime, localNumber, timeZone } from "./format.js";

export const worded = (line) => line.map(([style, ...piece]) => (style === "b" ? h("b", {}, spoken(...piece)) : spoken(...piece)));

function spoken(value, kind, directives) {
  if (kind === "number") return localNumber(value);
  if (kind === undefined || typeof value !== "number") return String(value);
  return directives ? byDirectives(value, kind === "time", directives) : cellText(value, kind);
}

const two = (number) => String(number).padStart(2, "0");
const named = (options) => (wall) => new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" }).format(wall);
// Each gets the reader's wall clock as if it were UTC; by these, %H:%M in Python's templates is the reader's time.
const DIRECTIVES = {
  a: named({ weekday: "short" }), A: named({ weekday: "long" }), b: named({ month: "short" }), B: named({ month: "long" }),
  c: named({ dateStyle: "medium", timeStyle: "medium" }), x: named({ dateStyle: "short" }), X: named({ timeStyle: "medium" }),
  Y: (wall) => String(wall.getUTCFullYear()), y: (wall) => two(wall.getUTCFullYear() % 100), m: (wall) => two(wall.getUTCMonth() + 1),
  d: (wall) => two(wall.getUTCDate()), e: (wall) => String(wall.getUTCDate()), H: (wall) => two(wall.getUTCHours()), I: (wall) => two(wall.getUTCHours() % 12 || 12),
  M: (wall) => two(wall.getUTCMinutes()), S: (wall) => two(wall.getUTCSeconds()), p: (wall) => (wall.getUTCHours() < 12 ? "AM" : "PM"),
  f: (wall) => `${String(wall.getUTCMilliseconds()).padStart(3, "0")}000`, F: (wall) => wall.toISOString().slice(0, 10), T: (wall) => wall.toISOString().slice(11, 19),
  j: (wall) => String(Math.floor((wall - Date.UTC(wall.getUTCFullYear(), 0, 0)) / 86400000)).padStart(3, "0"),
};

function byDirectives(at, isInstant, text) {
  const minutes = isInstant ? -new Date(at).getTimezoneOffset() : 0;
  const wall = new Date(at + minutes * 60000);
  if (Number.isNaN(wall.getTime())) return fullTime(at);
  const zone = { "%": "%", Z: isInstant ? timeZone : "", z: isInstant ? `${minutes < 0 ? "-" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}${two(Math.abs(minutes) % 60)}` : "" };
  return text.replace(/%(-?)([a-zA-Z%])/g, (all, isBare, letter) => {
    const found = zone[letter] ?? DIRECTIVES[letter]?.(wall) ?? all;
    return isBare ? found.replace(/^0+(?=\d)/, "") : found;
  });
}
