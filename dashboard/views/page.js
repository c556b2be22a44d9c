// The frame of a page: header, twelve columns, footer.
import { isAlone } from "./channel.js";
import { declareColours, h, setText } from "./dom.js";
import { timeZone } from "./format.js";
import { BannerView } from "./banner.js";
import { report } from "./report.js";
import { SelectionView } from "./selection.js";
import { SnapshotView } from "./snapshot.js";
import { StatusView } from "./status.js";
import { cornerOfPage } from "./toast.js";
import { UpdatesView } from "./updates.js";

const REMEMBERED = "dashboard-theme";
const initials = (name) => name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");

export class PageView {
  constructor(options, send, model) {
    for (const [column, values] of Object.entries(options.colours)) declareColours(column, values); // before any view is drawn
    const root = document.documentElement;
    root.classList.add("d-page");
    this.theme(report ? "light" : localStorage.getItem(REMEMBERED) ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
    if (!isAlone()) rememberZone();
    this.status = new StatusView({ variant: "compact" });
    this.banner = new BannerView();
    cornerOfPage();
    this.toggle = h("button", { class: "chip", type: "button", "aria-label": "Light or dark", onclick: () => this.switch() });
    this.snapshot = new SnapshotView(model.place);
    this.selection = new SelectionView(options.selection, options.known);
    this.updates = options.updates ? new UpdatesView(model.place) : null;
    const children = model.get_child("objects") ?? [];
    const bell = options.bell ? children[0] : null;
    children.splice(0, options.bell);
    const [tools, contents] = [children.slice(0, options.tools), children.slice(options.tools)]; // behind those with a span comes what draws nothing
    this.node = h("div", { class: "page" },
      report ? null : h("a", { class: "skip", href: "#content", onclick: (event) => { event.preventDefault(); this.main.focus(); } }, "Skip to content"),
      report ? null : this.header(options, bell), this.banner.node, this.main = this.content(options, tools, contents));
    this.mark();
  }

  header(options, bell) {
    const links = options.navigation.map(([name, address]) => (
      h("a", { href: address, class: name === options.active ? "on" : null, "aria-current": name === options.active ? "page" : null }, name)
    ));
    const navigation = links.length ? h("nav", { "aria-label": "Dashboards" }, links) : null;
    requestAnimationFrame(() => { // on a phone the links are wider than the screen
      const here = navigation?.querySelector("[aria-current]");
      if (here) navigation.scrollLeft = here.offsetLeft - navigation.offsetLeft - (navigation.clientWidth - here.offsetWidth) / 2;
    });
    const viewer = options.viewer ? h("a", { class: "chip viewer", href: "logout", title: `${options.viewer}: log out` }, h("span", { class: "name" }, options.viewer), h("abbr", { "aria-hidden": "true" }, initials(options.viewer))) : null;
    return h("header", {}, h("b", {}, options.brand), navigation, h("span", { class: "push" }), this.status.node, bell, viewer, this.toggle);
  }

  content(options, tools, contents) {
    const own = tools.map((tool) => h("div", { class: "tool" }, tool));
    const bar = options.title || tools.length || this.updates ? h("div", { class: "bar" }, h("h1", {}, options.title), h("div", { class: "tools" }, this.selection.node, own), h("span", { class: "push" }), this.updates?.node) : null;
    const cells = contents.map((content, place) => h("div", { class: "cell", style: `--span:${options.spans[place]}`, "data-span": options.spans[place], hidden: place >= options.spans.length }, content));
    const footer = h("footer", {}, this.snapshot.node, options.note ? h("span", {}, options.note) : null);
    return h("main", { id: "content", tabindex: "-1" }, bar, this.selection.line, cells, footer);
  }

  remove() {
    this.status.remove();
    this.banner.remove();
    this.selection.remove();
    this.updates?.remove();
    this.snapshot.remove();
  }

  receive(picture) {
    this.status.receive(picture);
    this.banner.receive(picture);
  }

  theme(name) {
    document.documentElement.classList.toggle("dark", name === "dark");
    document.documentElement.dataset.theme = name; // panel-material-ui follows this
  }

  switch() {
    const next = document.documentElement.classList.contains("dark") ? "light" : "dark";
    localStorage.setItem(REMEMBERED, next);
    this.theme(next);
    this.mark();
  }

  mark() {
    setText(this.toggle, document.documentElement.classList.contains("dark") ? "☀" : "☾");
  }
}

// The server counts days in the reader's zone, and the next page does so from its first answer on.
function rememberZone() {
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  document.cookie = `dashboard-zone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`;
}
