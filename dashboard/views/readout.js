// What a chart shows under the pointer: one box with the place and the value of every series there.
import { h, setText } from "./dom.js";
import { cellText } from "./format.js";

export class Readout {
  constructor(plot, chart) {
    this.plot = plot;
    this.chart = chart;
    this.line = h("i", { class: "crosshair", hidden: true });
    this.head = h("div", { class: "mute" });
    this.list = h("div");
    this.box = h("div", { class: "readout", hidden: true, "aria-hidden": "true" }, this.head, this.list);
    plot.append(this.line, this.box);
    plot.addEventListener("pointermove", (event) => this.point(event));
    plot.addEventListener("pointerleave", () => this.hide());
  }

  hide() { this.box.hidden = this.line.hidden = true; }

  point(event) {
    const frame = this.chart.frame();
    if (!frame) return;
    const rect = this.plot.getBoundingClientRect();
    const across = event.clientX - rect.left;
    const { left, right, top, bottom } = frame.bbox;
    const place = across < left || across > right ? null : this.nearest(frame.x_scale.invert(across));
    if (place === null) { this.hide(); return; }
    this.tell(place);
    const at = frame.x_scale.compute(place);
    this.line.style = `left:${at}px;top:${top}px;height:${bottom - top}px`;
    this.box.hidden = this.line.hidden = false;
    const isLeft = at > (left + right) / 2;
    this.box.style = `top:${top}px;${isLeft ? `right:${rect.width - at + 10}px` : `left:${at + 10}px`}`;
  }

  // The place of some series that is nearest to the pointer.
  nearest(x) {
    if (this.chart.axis === "category") return this.chart.figure.x_range.factors[Math.floor(x)] ?? null;
    let found = null;
    for (const [, renderer] of this.chart.visible()) {
      const xs = renderer.data_source.data.x;
      for (const near of [below(xs, x), below(xs, x) + 1]) {
        if (near >= 0 && near < xs.length && (found === null || Math.abs(xs[near] - x) < Math.abs(found - x))) found = xs[near];
      }
    }
    return found;
  }

  tell(place) {
    const { axis, options } = this.chart;
    setText(this.head, cellText(place, axis === "category" ? "text" : axis));
    const rows = [];
    for (const [name, renderer] of this.chart.visible()) {
      const { x, y, base } = renderer.data_source.data;
      const at = axis === "category" ? [...x].indexOf(place) : below(x, place);
      if (at < 0 || x[at] !== place || Number.isNaN(y[at])) continue;
      const dot = h("i", { class: "dot", style: `color:var(${this.chart.colourOf(name)})` });
      rows.push(h("div", {}, dot, h("span", {}, name), h("b", {}, cellText(y[at] - (base?.[at] ?? 0), "number") + options.unit)));
    }
    this.list.replaceChildren(...rows);
  }
}

// Where in a sorted list the last place not beyond `x` is.
function below(xs, x) {
  let low = 0, high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
