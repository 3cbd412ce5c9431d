/** A line chart in SVG: several lines over epochs, a marker at the current one, a click goes to an epoch. */

import { h, setAttribute, svg } from "./dom.js";
import { epochShort, epochWords, figure } from "./words.js";

const LEFT = 44;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 22;
const HEIGHT = 172;

export class Chart {
  /** `go(epoch)` is called for a click. */
  constructor(title, about, go) {
    this.go = go;
    this.title = h("h3", { text: title, title: about });
    this.value = h("span", { class: "quiet reading" });
    this.plot = svg("svg", { class: "plot", role: "img", height: HEIGHT });
    this.element = h("figure", { class: "chart" }, h("figcaption", {}, this.title, this.value), this.plot);
    this.plot.addEventListener("pointermove", (event) => this.hover(this.epochAt(event)));
    this.plot.addEventListener("pointerleave", () => this.hover(null));
    this.plot.addEventListener("click", (event) => {
      const epoch = this.epochAt(event);
      if (epoch !== null) this.go(epoch);
    });
  }

  /**
   * Draws lines `{name, colour, points: [[epoch, value or null], …]}`, a horizontal rule at `level`, and a
   * marker at `epoch`; `unit` is what is counted, `"epoch"` or `"step"`.
   */
  update({ lines, level, epoch, unit, least, most }) {
    this.unit = unit;
    this.lines = lines;
    this.epoch = epoch;
    const width = Math.max(200, Math.round(this.element.clientWidth || 360));
    const key = JSON.stringify([
      width,
      unit,
      level,
      least,
      most,
      lines.map(({ name, colour, points }) => [name, colour, points.length, points.at(-1)]),
    ]);
    if (key !== this.key) {
      this.key = key;
      this.width = width;
      this.draw(lines, level, least, most);
    }
    this.mark(this.marker, epoch);
    this.read(this.hovered ?? epoch);
  }

  draw(lines, level, least, most) {
    const points = lines.flatMap((line) => line.points).filter(([, value]) => value !== null);
    const values = [...points.map(([, value]) => value), ...(level === undefined ? [] : [level])];
    const epochs = lines.flatMap((line) => line.points.map(([epoch]) => epoch));
    this.from = Math.min(...epochs, 0);
    this.to = Math.max(...epochs, this.from + 1);
    this.ticks = niceTicks(Math.min(...(least === undefined ? [] : [least]), ...values), most ?? Math.max(...values));
    [this.low, this.high] = [this.ticks[0], this.ticks.at(-1)];
    this.marker = svg("line", { class: "marker", y1: TOP, y2: HEIGHT - BOTTOM });
    this.cursor = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
    this.plot.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    setAttribute(this.plot, "aria-label", `${this.title.textContent} over ${this.unit}s`);
    this.plot.replaceChildren(
      ...this.ticks.map((tick) => svg("path", { class: "rule", d: `M${LEFT} ${this.y(tick)}H${this.width - RIGHT}` })),
      ...this.ticks.map((tick) =>
        svg("text", { class: "tick", x: LEFT - 6, y: this.y(tick) + 3.5, "text-anchor": "end" }, short(tick)),
      ),
      ...this.epochTicks().map((epoch) =>
        svg(
          "text",
          {
            class: "tick",
            x: this.x(epoch),
            y: HEIGHT - 6,
            "text-anchor": this.width - this.x(epoch) < 24 ? "end" : "middle",
          },
          epochShort(epoch, this.unit),
        ),
      ),
      ...(level === undefined
        ? []
        : [svg("path", { class: "level", d: `M${LEFT} ${this.y(level)}H${this.width - RIGHT}` })]),
      this.cursor,
      this.marker,
      ...lines.flatMap((line) => this.line(line)),
    );
    this.mark(this.cursor, null);
  }

  line({ name, colour, points }) {
    const path = [];
    let pen = "M";
    for (const [epoch, value] of points) {
      if (value === null) pen = "M";
      else {
        path.push(`${pen}${this.x(epoch).toFixed(1)} ${this.y(value).toFixed(1)}`);
        pen = "L";
      }
    }
    const parts = [svg("path", { class: "line", d: path.join(""), stroke: colour, "data-line": name })];
    if (points.length > 60) return parts;
    return parts.concat(
      points
        .filter(([, value]) => value !== null)
        .map(([epoch, value]) =>
          svg("circle", {
            class: "point",
            cx: this.x(epoch),
            cy: this.y(value),
            r: 2.2,
            fill: colour,
            "data-epoch": epoch,
          }),
        ),
    );
  }

  x(epoch) {
    return LEFT + ((epoch - this.from) / (this.to - this.from)) * (this.width - LEFT - RIGHT);
  }

  y(value) {
    return TOP + (1 - (value - this.low) / (this.high - this.low)) * (HEIGHT - TOP - BOTTOM);
  }

  epochTicks() {
    const most = Math.max(2, Math.floor((this.width - LEFT) / 56));
    const every =
      [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000].find((step) => (this.to - this.from) / step <= most) ??
      10000;
    const ticks = [this.from];
    const first = this.unit === "step" ? 0 : 1; // epochs are shown counted from 1
    for (let shown = every; shown <= this.to + first; shown += every) {
      const at = shown - first;
      if (at >= this.from && this.x(at) - this.x(ticks.at(-1)) > 34) ticks.push(at);
    }
    return ticks;
  }

  /** The epoch with a look that is nearest to the pointer. */
  epochAt(event) {
    if (!this.lines?.length) return null;
    const box = this.plot.getBoundingClientRect();
    const wanted =
      this.from +
      (((event.clientX - box.left) * (this.width / box.width) - LEFT) / (this.width - LEFT - RIGHT)) *
        (this.to - this.from);
    const epochs = this.lines.flatMap((line) => line.points.map(([epoch]) => epoch));
    return epochs.reduce(
      (best, epoch) => (Math.abs(epoch - wanted) < Math.abs(best - wanted) ? epoch : best),
      epochs[0] ?? null,
    );
  }

  hover(epoch) {
    this.hovered = epoch;
    if (!this.cursor) return;
    this.mark(this.cursor, epoch);
    this.read(epoch ?? this.epoch);
  }

  mark(line, epoch) {
    const seen = epoch !== null && epoch !== undefined && epoch >= this.from && epoch <= this.to;
    line.style.display = seen ? "" : "none";
    if (!seen) return;
    line.setAttribute("x1", this.x(epoch));
    line.setAttribute("x2", this.x(epoch));
  }

  /** Says the values at an epoch, each in its line's colour. */
  read(epoch) {
    const values = (this.lines ?? []).map(({ colour, points }) => [
      colour,
      figure(points.find(([at]) => at === epoch)?.[1]),
    ]);
    const key = JSON.stringify([epoch, values]);
    if (key === this.readKey) return;
    this.readKey = key;
    const known = epoch !== null && epoch !== undefined;
    this.value.replaceChildren(
      ...(known
        ? [`${epochWords(epoch, this.unit)} `, ...values.map(([colour, text]) => h("b", { style: `color:${colour}`, text }))]
        : []),
    );
  }
}

function niceTicks(low, high) {
  if (!(Number.isFinite(low) && Number.isFinite(high))) return [0, 1];
  const rough = (high - low) / 4 || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: Math.max(2, last - first + 1) }, (_, at) => (first + at) * step);
}

function short(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(0).replace("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
