// A Bokeh figure that lives in the browser only: it is made once from the server's JSON and fed by steps.
import { colour, declareColours, h, setText, settleColours, themeChanged, token } from "./dom.js";
import { address, asked } from "./address.js";
import { clockTime, inReadersZone, timeZone } from "./format.js";
import { isAlone, link } from "./channel.js";
import { Card } from "./card.js";
import { Picks, bait, pickable } from "./picking.js";
import { Readout } from "./readout.js";
import { report } from "./report.js";

export class ChartView {
  constructor(options) {
    this.options = options;
    this.card = new Card({ ...options, caption: options.caption || " " }, { className: "chart", skeleton: Math.max(3, Math.round(options.height / 24)), lines: 1, line: options.height, more: options.by ? 28 : 0 });
    this.sheet = h("div", { class: "fill" });
    this.plot = h("div", { class: "plot", role: "img", "aria-label": options.title || "Chart", style: `flex-basis:${options.height}px` }, this.sheet);
    this.legend = h("div", { class: "legend" });
    this.empty = h("div", { class: "empty over", hidden: true }, "No rows yet");
    this.leftOut = h("small", { class: "mute" });
    this.card.body.append(this.plot, this.legend, this.leftOut, this.empty);
    this.readout = new Readout(this.plot, this);
    this.renderers = new Map();
    this.hidden = new Set();
    this.onTheme = () => this.paint();
    this.onMessage = () => this.tell();
    this.onAddress = () => { for (const [name, renderer] of this.renderers) this.tint(name, renderer); };
    this.onAlone = () => this.arrange([...this.renderers.keys()]);
    if (options.select) this.beginPicking();
    themeChanged.addEventListener("change", this.onTheme);
    link.addEventListener("message", this.onMessage);
  }

  get node() { return this.card.node; }

  remove() {
    themeChanged.removeEventListener("change", this.onTheme);
    link.removeEventListener("message", this.onMessage);
    address.removeEventListener("change", this.onAddress);
    link.removeEventListener("alone", this.onAlone);
    this.picks?.remove();
    this.document?.clear();
  }

  beginPicking() {
    this.picks = new Picks(this.card.body);
    for (const kind of ["pointermove", "pointerdown"]) this.plot.addEventListener(kind, (event) => bait(this.plot, this.options.select, this.nameAt(event)), true);
    this.plot.addEventListener("mousedown", (event) => { if (this.plot.dataset.field) event.preventDefault(); }, true); // the canvas need not have the focus
    address.addEventListener("change", this.onAddress);
    link.addEventListener("alone", this.onAlone);
  }

  receive(picture) {
    if (picture.step) this.feed(picture.step.names, picture.step.series);
    else this.card.show(picture, (body) => this.draw(body));
  }

  draw({ figure, axis, series, title, left_out: leftOut }) {
    setText(this.leftOut, leftOut);
    if (title) setText(this.card.title, title);
    const made = JSON.stringify(figure);
    if (this.made !== made) this.make(figure, axis);
    this.made = made;
    const whole = Object.fromEntries(Object.entries(series).map(([name, one]) => [name, { whole: one }]));
    this.feed(Object.keys(series), whole);
  }

  make(json, axis) {
    this.document?.clear();
    this.sheet.replaceChildren();
    this.renderers.clear();
    this.axis = axis;
    this.document = Bokeh.documents[0].constructor.from_json(json);
    this.figure = this.document.roots()[0];
    if (axis === "time") inReadersZone(this.figure.below[0].ticker);
    this.model = this.figure.renderers.find((renderer) => renderer.name === "series");
    this.others = this.figure.renderers.filter((renderer) => renderer !== this.model);
    this.figure.renderers = this.others;
    this.paint();
    this.isDrawn = false;
    if (report && axis !== "category") this.beginZooming();
  }

  // Where nothing moves on, one can look closer: drag to zoom, double click to go back.
  beginZooming() {
    const Zoom = Bokeh.Models.get("BoxZoomTool"), zoom = new Zoom({ dimensions: "width" });
    this.figure.toolbar.setv({ tools: [zoom], active_drag: zoom });
    this.plot.title = "Drag to zoom, double-click to see all";
    this.plot.ondblclick = () => this.figure.reset.emit();
  }

  // Without a value Bokeh finds no range and complains: it draws when there is one.
  drawFigure() {
    const { figure } = this;
    if (this.isDrawn || ![...this.renderers.values()].some(({ data_source: { data } }) => data.x.length)) return;
    this.isDrawn = true;
    Bokeh.embed.add_document_standalone(this.document, this.sheet).then((views) => { this.view = views.get(figure) ?? [...views][0]; unfocus(this.sheet); });
  }

  feed(names, steps) {
    if (!this.figure) return;
    const known = [...this.renderers.keys()];
    if (this.options.by) settleColours(this.options.by, names);
    else declareColours(this.options.title, names);
    for (const name of names) if (!this.renderers.has(name)) this.add(name);
    for (const name of known) if (!names.includes(name)) this.renderers.delete(name);
    for (const [name, step] of Object.entries(steps)) this.take(this.renderers.get(name).data_source, step);
    if (known.length !== this.renderers.size || names.some((name, place) => name !== known[place])) this.arrange(names);
    if (this.options.kind === "bar") this.fit(names);
    this.empty.hidden = names.length > 0;
    this.drawFigure();
  }

  add(name) {
    const { data_source: source, glyph, constructor: Renderer } = this.model;
    const data = Object.fromEntries(Object.keys(source.data).map((column) => [column, []]));
    const renderer = new Renderer({ name, data_source: new source.constructor({ data }), glyph: copied(glyph) });
    this.renderers.set(name, renderer);
    this.tint(name, renderer);
  }

  take(source, { whole, drop, patch, append }) {
    if (whole) {
      source.data = columns(whole);
      return;
    }
    if (drop) source.data = Object.fromEntries(Object.entries(source.data).map(([name, values]) => [name, [...values].slice(drop)]));
    if (patch) source.patch(new Map(Object.entries(patch).map(([name, changes]) => [name, changes.map(([place, value]) => [place, value ?? NaN])])));
    if (append) source.stream(columns(append));
  }

  arrange(names) {
    this.renderers = new Map(names.map((name) => [name, this.renderers.get(name)]));
    this.figure.renderers = [...this.others, ...this.renderers.values()];
    this.legend.replaceChildren(...(this.options.by || names.length > 1 ? names.map((name) => this.entry(name)) : []));
  }

  entry(name) {
    const dot = h("i", { class: "dot", style: `color:var(${this.colourOf(name)})` });
    if (this.options.select && this.axis !== "category" && !isAlone()) return pickable(h("button", { type: "button", class: "select" }, dot, name), this.options.select, name);
    const entry = h("button", { type: "button", "aria-pressed": String(!this.hidden.has(name)), onclick: () => this.toggle(name, entry) }, dot, name);
    return entry;
  }

  // What a click would select: a bar of a category, or the series whose bar or area lies there.
  nameAt(event) {
    const frame = this.frame();
    if (!frame) return null;
    const rect = this.plot.getBoundingClientRect();
    const place = this.readout.nearest(frame.x_scale.invert(event.clientX - rect.left));
    if (place === null || this.axis === "category") return place;
    const height = frame.y_scale.invert(event.clientY - rect.top);
    for (const [name, { data_source: { data } }] of this.visible()) {
      const at = [...data.x].indexOf(place);
      if (data.base && at >= 0 && data.base[at] < height && height <= data.y[at]) return name;
    }
    return null;
  }

  toggle(name, entry) {
    const isShown = this.hidden.has(name);
    if (isShown) this.hidden.delete(name);
    else this.hidden.add(name);
    entry.setAttribute("aria-pressed", String(isShown));
    this.renderers.get(name).visible = isShown;
  }

  // Bars are as wide as the usual gap; side by side where they do not stand on each other.
  fit(names) {
    const places = new Set();
    for (const renderer of this.renderers.values()) for (const x of renderer.data_source.data.x) places.add(x);
    const isCategory = this.axis === "category";
    const gap = isCategory ? 1 : usualGap([...places].sort((a, b) => a - b), this.axis === "number" ? 1 : 60000);
    const isBeside = names.length > 1 && this.model.glyph.x.transform;
    if (isCategory) {
      const factors = [...places];
      if (JSON.stringify(factors) !== JSON.stringify(this.figure.x_range.factors)) this.figure.x_range.factors = factors;
    }
    names.forEach((name, place) => {
      const { glyph } = this.renderers.get(name);
      glyph.width = { value: (gap * 0.8) / (isBeside ? names.length : 1) };
      if (!isBeside) return;
      const { transform } = this.model.glyph.x;
      const value = gap * 0.8 * ((place + 0.5) / names.length - 0.5);
      glyph.x = { field: "x", transform: new transform.constructor({ value, range: transform.range }) };
    });
  }

  // The drawn frame, its scales and its box; null before Bokeh has drawn it.
  frame() { return this.view?.frame ?? null; }

  visible() { return [...this.renderers].filter(([name]) => !this.hidden.has(name)); }

  colourOf(name) { return colour(this.options.by || this.options.title, name); }

  tint(name, renderer) {
    const value = { value: token(this.colourOf(name)) };
    const { glyph } = renderer;
    for (const property of ["line_color", "fill_color"]) {
      if (property in glyph.properties && glyph[property]?.value !== null) glyph[property] = value;
    }
    if (this.options.select) this.fade(name, glyph);
  }

  // Beside a series that is selected the others step back.
  fade(name, glyph) {
    const selected = asked(this.options.select), isBack = this.axis !== "category" && this.renderers.has(selected) && selected !== name;
    for (const property of ["line_alpha", "fill_alpha"]) {
      if (property in glyph.properties) glyph[property] = { value: (this.model.glyph[property]?.value ?? 1) * (isBack ? 0.2 : 1) };
    }
  }

  paint() {
    if (!this.figure) return;
    const [mute, line, grid] = ["--d-mute", "--d-line", "--d-grid"].map((name) => token(name));
    const font = token("--d-font");
    const [below] = this.figure.below, [left] = this.figure.left;
    for (const axis of [below, left]) axis.setv({ major_label_text_color: mute, major_label_text_font: font });
    below.setv({ axis_line_color: line });
    for (const one of this.figure.center) if (one.type === "Grid" && one.dimension === 1) one.setv({ grid_line_color: grid });
    for (const [name, renderer] of this.renderers) this.tint(name, renderer);
  }

  tell() {
    if (this.options.caption || link.at === null || !this.axis) return;
    this.until ??= this.card.aside.appendChild(h("span"));
    setText(this.until, `to ${clockTime(link.at)}`);
    if (this.axis === "time") this.zone ??= this.card.aside.appendChild(h("span", { class: "zone" }, timeZone));
  }
}

// Bokeh lets its canvas be reached by the keyboard, for tools that these figures do not have.
function unfocus(node) {
  for (const one of node.querySelectorAll("*")) {
    if (one.tabIndex >= 0 && one.hasAttribute("tabindex")) one.tabIndex = -1;
    if (one.shadowRoot) unfocus(one.shadowRoot);
  }
}

function usualGap(sorted, otherwise) {
  const gaps = sorted.slice(1).map((place, before) => place - sorted[before]).sort((a, b) => a - b);
  return gaps.length ? gaps[gaps.length >> 1] : otherwise;
}

// Bokeh's own `clone` stumbles over properties that have no value yet.
function copied(model) {
  const given = [...model].filter((property) => property.dirty && !property.is_unset);
  return new model.constructor(Object.fromEntries(given.map((property) => [property.attr, property.get_value()])));
}

function columns(series) {
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values.map((value) => value ?? NaN)]));
}
