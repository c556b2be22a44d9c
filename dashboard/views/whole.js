// All rows of a table in the page itself: sorted, searched and paged without a server.
export class Whole {
  constructor(body) { this.body = body; }

  // What a server would answer to a reader's wish.
  page({ sort, search, page }, size = this.body.size) {
    const { body } = this;
    const order = this.sorted(this.matching(search), sort);
    const first = size === Infinity ? 0 : page * size, keys = order.slice(first, first + size);
    return { ...body, order: keys, rows: Object.fromEntries(keys.map((key) => [key, body.rows[key]])), total: order.length, page, size: Math.min(size, Math.max(order.length, 1)), sort, search };
  }

  // What stands beside the table if the file has not all of its rows.
  note() {
    const { order, total } = this.body;
    return order.length < total ? `The first ${order.length.toLocaleString()} of ${total.toLocaleString()} rows; the report holds no more of them.` : "";
  }

  matching(search) {
    const words = search.trim().toLowerCase();
    if (!words) return this.body.order;
    return this.body.order.filter((key) => this.body.rows[key].some((value) => value !== null && String(value).toLowerCase().includes(words)));
  }

  // The database's own order is kept where it is what is asked for: it knows its letters better.
  sorted(keys, sort) {
    if (!sort || JSON.stringify(sort) === JSON.stringify(this.body.sort)) return keys;
    const [name, isDown] = sort, at = this.body.columns.findIndex((column) => column.name === name);
    const { kind } = this.body.columns[at], ranks = this.body.ranks[name];
    const value = (key) => (ranks ? ranks[key] ?? null : this.body.rows[key][at]);
    const compare = ranks || MEASURED.has(kind) ? (a, b) => Number(a) - Number(b) : (a, b) => LETTERS.compare(String(a), String(b));
    const known = keys.filter((key) => value(key) !== null).sort((a, b) => (isDown ? -1 : 1) * compare(value(a), value(b)));
    return [...known, ...keys.filter((key) => value(key) === null)];
  }
}

const MEASURED = new Set(["number", "time", "clock", "interval", "boolean"]);
const LETTERS = new Intl.Collator(undefined, { numeric: true });
