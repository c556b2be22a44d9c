// What a reader may choose of a table: its columns, what to keep of them, and a file of all that matches.
import { h } from "./dom.js";
import { Menu, check } from "./menu.js";

const TRIES = 12; // as many processes may be asked for the one that holds the page

export class Choosing {
  constructor(table) {
    this.table = table;
    this.filter = new Menu("+ Filter", "Filter the rows", () => this.drawFilter(), { onClose: () => this.look(""), icon: "▽" }); // a phone shows the icons
    this.columns = new Menu("Columns", "Choose the columns", () => this.drawColumns(), { icon: "▥" });
    this.problem = h("span", { class: "bad", role: "status" });
    this.files = table.options.downloads.map((format) => (
      h("button", { class: "chip", type: "button", "aria-label": `Download as ${format === "csv" ? "CSV" : "Parquet"}`, onclick: (event) => this.download(format, event.currentTarget) }, `⇩ ${format === "csv" ? "CSV" : "Parquet"}`)
    ));
    for (const tool of [this.filter.node, ...this.files]) tool.classList.add("online");
    this.node = h("span", { class: "choosing" }, this.problem, this.filter.node, this.columns.node, table.place?.path ? this.files : null);
    this.column = "";
  }

  drawColumns() {
    if (!this.table.body) return nothingYet();
    const { body, hidden } = this.table;
    return body.columns.map(({ name, label }) => check(label, !hidden.has(name), (isOn) => this.table.showColumn(name, isOn)));
  }

  look(name) {
    this.column = name;
    if (this.table.asked.facet !== name) this.table.ask({ facet: name }, false);
  }

  drawFilter() {
    if (!this.table.body) return nothingYet();
    const kinds = ["text", "boolean", "number", "time", "clock", "date", "code"];
    const columns = this.table.body.columns.filter(({ kind }) => kinds.includes(kind));
    if (!this.column) {
      return columns.map(({ name, label, kind }) => h("button", { type: "button", class: "item", onclick: () => { this.column = name; if (isValued(kind)) this.look(name); this.filter.draw(); this.filter.place(); } }, label));
    }
    const column = columns.find(({ name }) => name === this.column);
    return isValued(column.kind) ? this.values(column) : this.range(column);
  }

  // The values there are, and how many rows have each, as long as one looks.
  values({ name, label }) {
    const facet = this.table.body.facet;
    if (facet?.name !== name) return h("p", { class: "mute" }, "…");
    const kept = this.table.asked.filters[name];
    const items = facet.values.map(([value, count]) => (
      h("button", { type: "button", class: "item", "aria-pressed": String(kept === value), onclick: () => { this.table.keep(name, value); this.filter.close(); } },
        h("span", {}, value || "(empty)"), h("span", { class: "mute" }, count.toLocaleString()))
    ));
    return [h("h3", {}, label), ...(items.length ? items : [h("p", { class: "mute" }, "No values")])];
  }

  range({ name, label, kind }) {
    const type = { number: "number", date: "date" }[kind] ?? "datetime-local";
    const [low, high] = this.table.asked.ranges[name] ?? ["", ""];
    const field = (words, value) => h("input", { type, step: "any", "aria-label": `${label} ${words}`, value: kind === "time" ? local(value) : value });
    const from = field("from", low), to = field("to", high);
    const keep = () => {
      const given = [from.value, to.value].map((value) => (kind === "time" && value ? new Date(value).toISOString() : value));
      this.table.keepRange(name, given[0] || given[1] ? given : null);
      this.filter.close();
    };
    return [h("h3", {}, label), h("form", { onsubmit: (event) => { event.preventDefault(); keep(); } },
      h("label", {}, "from ", from), h("label", {}, "to ", to), h("button", { class: "chip", type: "submit" }, "Apply"))];
  }

  refresh() { if (this.filter.isOpen && this.column) { this.filter.draw(); this.filter.place(); } }

  async download(format, button) {
    if (!this.table.columns) return;
    const { place, asked } = this.table;
    this.problem.replaceChildren();
    button.disabled = true;
    const said = JSON.stringify({ page: place.token, view: place.name, ask: asked, format, columns: this.table.namesShown() });
    try {
      const url = new URL(place.path.replace(/channel$/, "download"), document.baseURI);
      let answer = null;
      for (let tries = 0; tries < TRIES && (answer === null || answer.status === 404); tries += 1) answer = await fetch(url, { method: "POST", body: said });
      if (!answer.ok) throw new Error(answer.status === 503 ? await answer.text() : "The file could not be made. Reload the page.");
      const file = await answer.blob();
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? `table.${format}`;
      const link = h("a", { href: URL.createObjectURL(file), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    } catch (error) {
      this.problem.replaceChildren(error instanceof TypeError ? "The file broke off. Try again." : error.message);
    }
    button.disabled = false;
  }
}

const nothingYet = () => h("p", { class: "mute" }, "There are no rows yet.");

export const isValued = (kind) => !["number", "time", "clock", "date"].includes(kind);

// A moment as the browser's own field writes it: in the reader's time.
export function local(text) {
  const at = new Date(text);
  if (!text || Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
