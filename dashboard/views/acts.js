// What a reader can do with rows: buttons, toggles or a menu on each of them, and a bar for those that are chosen.
import { h, setText } from "./dom.js";
import { link } from "./channel.js";
import { keepGuest } from "./guest.js";
import { Menu } from "./menu.js";
import { savingMark, showSaving } from "./saving.js";
import { toast } from "./toast.js";

const DOUBLED = 400; // ms in which a second click on a row is half a double click, whatever stands there by then
const BESIDE = 2; // acts of a row that stand beside each other; more are a menu

export class Acting {
  constructor(table) {
    this.table = table;
    this.acts = table.options.acts;
    this.chosen = new Set();
    keepGuest(table.options.guest);
    const title = table.options.title || "the table";
    if (table.options.choose) {
      this.all = h("input", { type: "checkbox", "aria-label": `Choose all rows of ${title} shown here`, onchange: () => this.chooseAll(this.all.checked) });
      this.count = h("span", { role: "status" });
      this.tools = h("span", { class: "tools" });
      this.clear = h("button", { type: "button", class: "chip", "aria-label": "Choose none", onclick: () => this.chooseAll(false) }, "✕");
      this.bar = h("div", { class: "bulk online", role: "toolbar", "aria-label": `Actions on the chosen rows of ${title}`, hidden: true }, this.count, this.tools, this.clear);
    }
    this.onMessage = ({ detail }) => {
      for (const { view, token, event, value } of detail.said ?? []) if (event === "act" && view === table.place?.name && token === table.place.token) this.reopen(value);
    };
    link.addEventListener("message", this.onMessage);
    this.onLink = () => { for (const one of this.table.card.body.querySelectorAll("[data-act]")) Object.assign(one, ability(one.dataset.hint)); };
    link.addEventListener("change", this.onLink);
  }

  remove() {
    link.removeEventListener("change", this.onLink);
    link.removeEventListener("message", this.onMessage);
  }

  // The cells of a header, or of a row, with those for choosing and acting around them.
  heads(cells) {
    const all = this.all && h("th", { class: "choose online", scope: "col" }, this.table.roll ? null : h("label", {}, this.all));
    return [all, ...cells, h("th", { class: "acts online", scope: "col" }, h("span", { class: "spoken" }, "Actions"))].filter(Boolean);
  }

  around(item, key) {
    item.acts = h("td", { class: "acts online" });
    item.state = savingMark();
    item.key = key;
    for (const name of ["click", "keydown"]) item.acts.addEventListener(name, (event) => event.stopPropagation());
    if (!this.all) return [...item.cells, item.acts];
    item.box = h("input", { type: "checkbox", onchange: () => this.choose(key, item.box.checked) });
    item.box.checked = this.chosen.has(key);
    const choose = h("td", { class: "choose online" }, h("label", {}, item.box));
    for (const name of ["click", "keydown"]) choose.addEventListener(name, (event) => event.stopPropagation());
    return [choose, ...item.cells, item.acts];
  }

  // A row has these marks now; what is there stays as long as it can, so that an open menu and the focus do.
  write(item, [marks, starts, state]) {
    item.starts = starts;
    if (!this.table.editing) showSaving(item, state ?? "");
    const shape = marks + this.nameOf(item);
    if (item.shape === shape) return;
    Object.assign(item, { shape, marks });
    item.box?.setAttribute("aria-label", `Choose ${this.nameOf(item)}`);
    const focused = item.acts.getRootNode().activeElement, at = item.acts.contains(focused) ? focused.dataset.act : null;
    const possible = [...marks].flatMap((mark, act) => (mark === "-" ? [] : act));
    const icons = possible.filter((act) => this.acts[act].icon), words = possible.filter((act) => !this.acts[act].icon);
    item.acts.replaceChildren(...(this.table.editing ? [] : [item.state]), ...icons.map((act) => this.button(item, act)), ...(words.length > BESIDE ? [this.menu(item, words)] : words.map((act) => this.button(item, act))));
    if (at !== null) (item.acts.querySelector(`[data-act="${at}"]`) ?? item.acts.querySelector("[data-act]"))?.focus();
  }

  nameOf(item) {
    const text = (item.cells[0].querySelector("b") ?? item.cells[0]).textContent;
    return /^[\d.,\s]*$/.test(text) ? `${item.cells[0].dataset.label} ${text}` : text;
  }

  button(item, act) {
    const { label, icon, toggle, entries } = this.acts[act], isOn = item.marks[act] === "x";
    const name = `${label} ${this.nameOf(item)}`;
    if (entries.length) return this.form(item, act, name);
    return h("button", {
      type: "button", class: icon ? "chip icon" : "chip", "data-act": act, "data-hint": icon ? label : "", "aria-label": name, ...ability(icon ? label : ""),
      "aria-pressed": toggle ? String(isOn) : null, onclick: () => this.actOn(item, act, !isOn),
    }, icon || label);
  }

  // The second half of a double click would do whatever stands there after the first.
  actOn(item, act, on) {
    const now = performance.now(), isAgain = now - (item.actedAt ?? -DOUBLED) < DOUBLED;
    item.actedAt = now;
    if (!isAgain) this.send(act, [item.key], { on });
  }

  menu(item, acts) {
    const menu = new Menu("⋯", `Actions on ${this.nameOf(item)}`, () => acts.map((act) => (
      h("button", { type: "button", class: "item", "aria-label": `${this.acts[act].label} ${this.nameOf(item)}`, onclick: () => { menu.close(); this.actOn(item, act, item.marks[act] !== "x"); } }, this.acts[act].label)
    )));
    Object.assign(menu.button.dataset, { act: "menu" });
    return menu.node;
  }

  form(item, act, name) {
    const { label, entries } = this.acts[act];
    const place = [...this.acts.slice(0, act)].filter((one) => one.entries.length).length;
    const menu = new Menu(label, name, () => {
      const { values = {}, problem = "" } = menu.again ?? {};
      const fields = entries.map(([field, words, isChoice, unit, least], at) => {
        const [start, options] = item.starts[place][at] ?? [null, []], value = values[field] ?? start;
        const input = isChoice ? h("select", { name: field }, options.map((one) => h("option", { selected: one === value }, one)))
          : h("input", { name: field, type: "number", step: "0.01", min: least, required: true, inputmode: "decimal", value });
        return h("label", {}, unit ? `${words}, ${unit}` : words, input);
      });
      return [h("h3", {}, name), h("form", { onsubmit: (event) => {
        event.preventDefault();
        this.send(act, [item.key], { values: Object.fromEntries(new FormData(event.target)) });
        menu.close();
      } }, fields, problem ? h("p", { class: "bad", role: "alert" }, problem) : null, h("button", { type: "submit", class: "chip on" }, label))];
    }, { onClose: () => { menu.again = null; } });
    Object.assign(menu.button.dataset, { act });
    item.forms = { ...item.forms, [act]: menu };
    menu.node.classList.add("form");
    return menu.node;
  }

  // What was refused comes back to where it was entered.
  reopen({ act, key, values, problem }) {
    const menu = this.table.items.get(key)?.forms?.[act];
    if (!menu?.button.isConnected) {
      toast({ title: `${this.acts[act].label} is not possible there any more`, text: `You entered: ${Object.values(values ?? {}).join(", ")}`, tone: "warn", lasts: 0 });
      return;
    }
    menu.again = { values: values ?? {}, problem };
    menu.button.scrollIntoView({ block: "nearest" });
    menu.sheet.showPopover();
  }

  send(act, keys, more) { this.table.send({ event: "act", value: { act, keys, ...more } }); }

  choose(key, isChosen) {
    if (isChosen) this.chosen.add(key);
    else this.chosen.delete(key);
    this.tell();
  }

  chooseAll(isChosen) {
    this.chosen = new Set(isChosen ? this.table.items.keys() : []);
    this.tell();
  }

  // What has left the page is chosen no more.
  settle() {
    if (!this.all) return;
    for (const key of this.chosen) if (!this.table.items.has(key)) this.chosen.delete(key);
    this.tell();
  }

  tell() {
    const { items } = this.table, count = this.chosen.size;
    for (const [key, { box, row }] of items) { box.checked = this.chosen.has(key); row.classList.toggle("chosen", box.checked); }
    this.all.checked = count > 0 && count === items.size;
    this.all.indeterminate = count > 0 && count < items.size;
    this.bar.hidden = count === 0;
    setText(this.count, `${count.toLocaleString()} chosen`);
    const shape = this.acts.map(({ many }, act) => (many ? this.possible(act).length : 0)).join() + this.acts.map((_, act) => this.areOn(act)).join();
    if (this.shape === shape) return;
    this.shape = shape;
    this.tools.replaceChildren(...this.acts.flatMap((one, act) => (one.many && this.possible(act).length ? this.tool(one, act) : [])));
  }

  possible(act) { return [...this.chosen].filter((key) => (this.table.items.get(key).marks?.[act] ?? "-") !== "-"); }

  areOn(act) { return this.possible(act).every((key) => this.table.items.get(key).marks[act] === "x"); }

  // With all that are chosen and allow it; a toggle is turned on unless it is on in all of them.
  tool({ label, icon, toggle }, act) {
    const isOn = toggle && this.areOn(act);
    return h("button", {
      type: "button", class: "chip", "data-act": act, "data-hint": "", ...ability(""), "aria-pressed": toggle ? String(isOn) : null,
      onclick: () => { this.send(act, this.possible(act), { on: !isOn }); this.chooseAll(false); },
    }, `${icon ? `${icon} ` : ""}${label} ${this.possible(act).length}`);
  }
}

// Whether it can be done now, and if not, why.
const ability = (hint = "") => (link.state === "open" ? { disabled: false, title: hint } : { disabled: true, title: "The connection is cut" });
