// When the page gets its news: the reader's own choice, remembered for this page in this browser. Paused, the page
// stands still at one snapshot, and may step back through the last minutes.
import { channelOf, link } from "./channel.js";
import { h, setText } from "./dom.js";
import { clockTime } from "./format.js";
import { Menu, check } from "./menu.js";
import { address, go } from "./address.js";

const PACES = [[0, "Live"], [5, "Every 5 s"], [60, "Every minute"]];
const STEP = 5; // seconds
const OWN = ["member", "campaign"]; // say whom and what one looks at, and are no habit

export class UpdatesView {
  constructor(place) {
    this.channel = channelOf(place);
    this.key = `dashboard-page:${window.location.pathname}`;
    this.kept = { pace: 0, still: [], search: "", ...read(this.key) };
    this.menu = new Menu("Live", "How often the page is brought up to date", () => this.draw());
    this.toggle = h("button", { class: "chip", type: "button", "aria-pressed": "false", onclick: () => this.pause(!this.isPaused) }, "❚❚ Pause");
    this.waiting = h("span", { class: "mute", role: "status", hidden: true });
    this.slider = h("input", { type: "range", min: "0", max: "0", value: "0", step: String(STEP), "aria-label": "Step back through the last minutes", oninput: () => this.replay() });
    this.moment = h("span", { class: "mute" });
    this.past = h("span", { class: "past", hidden: true }, this.slider, this.moment);
    this.node = h("span", { class: "updates" }, this.waiting, this.past, this.menu.node, this.toggle);
    this.node.style.visibility = "hidden"; // until there is somebody to tell: a saved page has nobody
    this.onMessage = (event) => this.hear(event.detail);
    link.addEventListener("message", this.onMessage);
    this.onAddress = () => this.keepSearch();
    address.addEventListener("change", this.onAddress);
    this.channel.greet = () => this.wish();
    this.channel.holds = () => ({ held: this.heldNames() });
    if (window.location.search) this.keepSearch();
    else if (this.kept.search) setTimeout(() => go(this.kept.search, false), 0);
    this.say();
  }

  remove() {
    link.removeEventListener("message", this.onMessage);
    address.removeEventListener("change", this.onAddress);
  }

  // What the channel tells the server whenever it connects.
  wish() { return { pace: this.kept.pace, held: this.heldNames(), ...(this.isPaused ? { paused: true } : {}) }; }

  // The views that can stand still, by the name they are remembered by, which is not their title: two may have the same.
  views() {
    const found = new Map();
    for (const [name, { model, title }] of this.channel.views) {
      if (!title || !model.options.key) continue;
      let key = model.options.key;
      for (let number = 2; found.has(key); number += 1) key = `${model.options.key}~${number}`;
      found.set(key, { name, title: title(), kind: model.kind });
    }
    return found;
  }

  heldNames() { return [...this.views()].filter(([key]) => this.kept.still.includes(key)).map(([, { name }]) => name); }

  draw() {
    const paces = PACES.map(([seconds, label]) => h("button", { type: "button", class: "item", "aria-pressed": String(this.kept.pace === seconds), onclick: () => { this.keep({ pace: seconds }); this.menu.close(); } }, label));
    const views = this.views(), titles = [...views.values()].map(({ title }) => title), said = new Map();
    const boxes = [...views].filter(([, { title }]) => title).map(([key, { title, kind }]) => {
      const label = titles.indexOf(title) === titles.lastIndexOf(title) ? title : `${title} (${kind})`, times = (said.get(label) ?? 0) + 1;
      said.set(label, times);
      return check(times > 1 ? `${label} ${times}` : label, !this.kept.still.includes(key), (isOn) => this.keep({ still: isOn ? this.kept.still.filter((one) => one !== key) : [...this.kept.still, key] }));
    });
    return [...paces, h("h3", {}, "What is brought up to date"), ...boxes];
  }

  keep(change) {
    Object.assign(this.kept, change);
    write(this.key, this.kept);
    this.say();
    this.channel.say(this.wish());
  }

  keepSearch() {
    const all = new URLSearchParams(window.location.search);
    for (const name of [...all.keys()]) if (OWN.includes(name) || name.endsWith(".page")) all.delete(name);
    this.kept.search = all.size ? `?${all}` : "";
    write(this.key, this.kept);
  }

  say() {
    const [, label] = PACES.find(([seconds]) => seconds === this.kept.pace) ?? PACES[0];
    this.menu.say(`${label}${this.kept.still.length ? ` · ${this.kept.still.length} held` : ""} ▾`);
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    this.at = link.at ?? Date.now();
    this.toggle.setAttribute("aria-pressed", String(isPaused));
    setText(this.toggle, isPaused ? "▶ Back to live" : "❚❚ Pause");
    this.waiting.hidden = this.past.hidden = !isPaused;
    setText(this.waiting, "nothing waiting");
    this.slider.value = "0";
    this.slider.min = "0";
    this.tell();
    this.channel.say({ paused: isPaused });
    document.documentElement.classList.toggle("d-paused", isPaused);
  }

  hear(message) {
    this.node.style.visibility = "";
    if (!this.isPaused || message?.waiting === undefined) return;
    const { waiting, oldest } = message;
    setText(this.waiting, waiting ? `${waiting.toLocaleString()} ${waiting === 1 ? "change" : "changes"} waiting` : "nothing waiting");
    if (oldest) this.slider.min = String(-Math.max(0, Math.ceil((this.at - oldest) / 1000 / STEP) * STEP));
  }

  replay() {
    const back = Number(this.slider.value);
    const moment = Math.floor((this.at + back * 1000) / 1000 / STEP) * STEP * 1000;
    this.channel.say({ replay: back === 0 ? null : moment });
    this.tell();
  }

  tell() {
    const back = Number(this.slider.value);
    setText(this.moment, back === 0 ? `at ${clockTime(this.at)}` : `at ${clockTime(Math.floor((this.at / 1000 + back) / STEP) * STEP * 1000)}, ${-back} s before`);
    this.slider.setAttribute("aria-valuetext", this.moment.textContent);
  }
}

// A browser that keeps nothing (a private window) is no reason not to work.
function read(key) {
  try { return JSON.parse(localStorage.getItem(key)) ?? {}; } catch { return {}; }
}

function write(key, value) {
  try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* nothing is remembered */ }
}
