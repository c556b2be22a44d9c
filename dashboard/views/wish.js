// What a reader asks of a table, as words of the address: contacts.sort=-score, contacts.where.stage=lead.
import { address, ignore, remember, said } from "./address.js";
import { isValued } from "./choosing.js";

export const nothing = () => ({ sort: null, page: 0, search: "", filters: {}, ranges: {}, facet: "" });

// The wish in the address, as far as these columns have it; what they have not is said to be ignored.
export function wished(place, columns, first) {
  const wish = { ...nothing(), sort: first, hidden: [] };
  const kinds = new Map(columns.map(({ name, kind }) => [name, kind]));
  for (const [name, value] of said()) {
    if (!name.startsWith(`${place}.`)) continue;
    const word = name.slice(place.length + 1), isKnown = take(wish, word, value, kinds);
    ignore(name, isKnown ? null : `“${name}=${value}” fits no column of this table.`);
  }
  return wish;
}

function take(wish, word, value, kinds) {
  if (word === "sort") {
    const isDown = value.startsWith("-"), column = isDown ? value.slice(1) : value;
    if (kinds.has(column)) wish.sort = [column, isDown];
    return kinds.has(column) || value === "none" && (wish.sort = null, true);
  }
  if (word === "page") return /^[1-9]\d{0,5}$/.test(value) && (wish.page = Number(value) - 1, true);
  if (word === "search") return (wish.search = value.slice(0, 200), true);
  if (word === "hide") {
    wish.hidden = value.split(",").filter((name) => kinds.has(name));
    return wish.hidden.length > 0;
  }
  const column = word.startsWith("where.") ? word.slice(6) : null;
  if (!kinds.has(column)) return false;
  if (isValued(kinds.get(column)) || !value.includes("..")) wish.filters[column] = value;
  else {
    const both = value.split("..");
    if (both.length !== 2 || !both.some(Boolean) || both.some((bound) => !isBound(kinds.get(column), bound))) return false;
    wish.ranges[column] = both;
  }
  return true;
}

const isBound = (kind, text) => text === "" || !Number.isNaN(kind === "number" ? Number(text) : Date.parse(text));

export function keep(place, wish, hidden, first, isStep) {
  const told = Object.fromEntries([...said().keys()].filter((name) => name.startsWith(`${place}.`)).map((name) => [name, null]));
  if (JSON.stringify(wish.sort) !== JSON.stringify(first)) told[`${place}.sort`] = wish.sort ? (wish.sort[1] ? "-" : "") + wish.sort[0] : "none";
  if (wish.page) told[`${place}.page`] = String(wish.page + 1);
  if (wish.search) told[`${place}.search`] = wish.search;
  if (hidden.size) told[`${place}.hide`] = [...hidden].join(",");
  for (const [name, value] of Object.entries(wish.filters)) told[`${place}.where.${name}`] = value;
  for (const [name, both] of Object.entries(wish.ranges)) told[`${place}.where.${name}`] = both.join("..");
  remember(told, isStep);
}

export const sameWish = (one, other) => ["sort", "page", "search", "filters", "ranges"].every((name) => JSON.stringify(sorted(one[name])) === JSON.stringify(sorted(other[name])));

const sorted = (value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value);

export const onAddress = (callback) => {
  address.addEventListener("change", callback);
  return () => address.removeEventListener("change", callback);
};
