/** A line chart in SVG: several lines over epochs, a marker at the current one, a click goes to an epoch. */

import { drawnOf, largest, nearestTo, niceTicks, short, smallest, wholeTicks } from "./axis.js";
import { h, setAttribute, svg } from "./dom.js";
import { Once } from "./reuse.js";
import { epochShort, epochWords, figure } from "./words.js";

/**
 * @import { Maybe } from "../data/source.js"
 * @import { Unit } from "./words.js"
 *
 * @typedef {object} Line a number at each of its epochs
 * @property {string} name
 * @property {string} colour
 * @property {number[]} epochs
 * @property {Maybe[]} values
 * @property {number[]} [phases] the epochs after which later fits of the same training begin
 * @property {string} [label] what stands before its value, where a chart has several lines of one colour
 * @property {boolean} [dashed]
 * @property {boolean} [bridged] whether the line goes on over epochs without a value
 * @property {(at: number) => string | undefined} [why] words in the place of a value that there is not
 *
 * @typedef {object} Content
 * @property {Line[]} lines
 * @property {number} [level] where a horizontal rule is
 * @property {number | undefined} epoch where the marker is
 * @property {Unit} unit what is counted
 * @property {number} [least] what the axis shows at least
 * @property {number} [most] where the axis ends
 */

const LEFT = 44;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 22;
const HEIGHT = 172;
const MOST_POINTS = 60;
const TICK_WIDTH = 56;
const DIGIT = 9;

export class Chart {
  /**
   * @param {string} title
   * @param {string} about
   * @param {(epoch: number) => void} go called for a click
   */
  constructor(title, about, go) {
    this.title = h("h3", { text: title, title: about });
    this.value = h("span", { class: "quiet reading" });
    this.plot = svg("svg", { class: "plot", role: "img", height: HEIGHT });
    this.element = h("figure", { class: "chart" }, h("figcaption", {}, this.title, this.value), this.plot);
    this.marker = svg("line", { class: "marker", y1: TOP, y2: HEIGHT - BOTTOM });
    this.cursor = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
    this.drawn = new Once();
    this.told = new Once();
    this.width = 0;
    this.from = this.low = 0; // what the axes show
    this.to = this.high = 1;
    /** @type {Content} */
    this.content = { lines: [], epoch: undefined, unit: "epoch" };
    /** @type {number | undefined} */
    this.hovered = undefined;
    this.plot.addEventListener("pointermove", (event) => this.hover(this.epochAt(event)));
    this.plot.addEventListener("pointerleave", () => this.hover(undefined));
    this.plot.addEventListener("click", (event) => {
      const epoch = this.epochAt(event);
      if (epoch !== undefined) go(epoch);
    });
  }

  /** @param {Content} content */
  update(content) {
    const { lines, level, epoch, unit, least, most } = content;
    this.content = content;
    const width = Math.max(200, Math.round(this.element.clientWidth || 360));
    const parts = lines.flatMap(({ name, colour, values, phases }) => [
      name,
      colour,
      values.length,
      values.at(-1),
      phases?.length,
    ]);
    this.drawn.draw([width, unit, level, least, most, ...parts], () => {
      this.width = width;
      this.draw(content);
    });
    this.mark(this.marker, epoch);
    this.read(this.hovered ?? epoch);
  }

  /** @param {Content} content */
  draw({ lines, level, least, most, unit }) {
    const known = lines.flatMap(({ values }) => values).filter((value) => value !== null);
    const values = level === undefined ? known : [...known, level];
    const epochs = lines.flatMap((line) => line.epochs);
    this.from = smallest(epochs, 0);
    this.to = largest(epochs, this.from + 1);
    const ticks = niceTicks(smallest(values, least ?? Infinity), most ?? largest(values, -Infinity));
    this.low = ticks[0];
    this.high = ticks[ticks.length - 1];
    this.plot.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    setAttribute(this.plot, "aria-label", `${this.title.textContent} over ${unit}s`);
    this.plot.replaceChildren(
      ...ticks.map((tick) => svg("path", { class: "rule", d: `M${LEFT} ${this.y(tick)}H${this.width - RIGHT}` })),
      ...ticks.map((tick) =>
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
          epochShort(epoch, unit),
        ),
      ),
      ...(level === undefined
        ? []
        : [svg("path", { class: "level", d: `M${LEFT} ${this.y(level)}H${this.width - RIGHT}` })]),
      this.cursor,
      this.marker,
      ...lines.flatMap((line) => this.line(line)),
    );
    this.mark(this.cursor, undefined);
  }

  /** @param {Line} line */
  line({ name, colour, dashed = false, bridged = false, epochs, values, phases = [] }) {
    const path = [];
    const dots = [];
    const all = drawnOf(values, (at) => this.x(epochs[at]), this.width);
    const drawn = bridged ? all.filter((at) => values[at] !== null) : all;
    const known = (/** @type {number | undefined} */ at) => at !== undefined && values[at] !== null;
    for (const [place, at] of drawn.entries()) {
      const value = values[at];
      if (value === null) continue;
      const joined = known(drawn[place - 1]);
      const [x, y] = [this.x(epochs[at]), this.y(value)];
      path.push(`${joined ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`);
      if (values.length <= MOST_POINTS || !(joined || known(drawn[place + 1])))
        dots.push(svg("circle", { class: "point", cx: x, cy: y, r: 2.2, fill: colour, "data-epoch": epochs[at] }));
    }
    const phase = (/** @type {number} */ epoch) =>
      svg(
        "path",
        { class: "phase", d: `M${this.x(epoch)} ${TOP}V${HEIGHT - BOTTOM}`, stroke: colour },
        svg("title", {}, "A later fit of the same training begins."),
      );
    return [
      ...phases.map(phase),
      svg("path", { class: dashed ? "line dashed" : "line", d: path.join(""), stroke: colour, "data-line": name }),
      ...dots,
    ];
  }

  /** @param {number} epoch */
  x(epoch) {
    return LEFT + ((epoch - this.from) / (this.to - this.from)) * (this.width - LEFT - RIGHT);
  }

  /** @param {number} value */
  y(value) {
    return TOP + (1 - (value - this.low) / (this.high - this.low)) * (HEIGHT - TOP - BOTTOM);
  }

  epochTicks() {
    const room = Math.max(TICK_WIDTH, DIGIT * (String(this.to).length + 3));
    const most = Math.floor((this.width - LEFT - RIGHT) / room);
    return wholeTicks(this.from, this.to, most, this.content.unit === "step" ? 0 : 1);
  }

  /**
   * The epoch with a look that is nearest to the pointer.
   *
   * @param {PointerEvent | MouseEvent} event
   */
  epochAt(event) {
    const box = this.plot.getBoundingClientRect();
    const share = ((event.clientX - box.left) * (this.width / box.width) - LEFT) / (this.width - LEFT - RIGHT);
    return nearestTo(
      this.from + share * (this.to - this.from),
      this.content.lines.flatMap(({ epochs }) => epochs),
    );
  }

  /** @param {number | undefined} epoch */
  hover(epoch) {
    this.hovered = epoch;
    this.mark(this.cursor, epoch);
    this.read(epoch ?? this.content.epoch);
  }

  /**
   * @param {SVGLineElement} line
   * @param {number | undefined} epoch
   */
  mark(line, epoch) {
    const seen = epoch !== undefined && epoch >= this.from && epoch <= this.to;
    line.style.display = seen ? "" : "none";
    if (!seen) return;
    line.setAttribute("x1", String(this.x(epoch)));
    line.setAttribute("x2", String(this.x(epoch)));
  }

  /**
   * Says the values at an epoch, each in its line's colour.
   *
   * @param {number | undefined} epoch
   */
  read(epoch) {
    const { lines, unit } = this.content;
    const said = lines.flatMap((line) => {
      const text = valueAt(line, epoch);
      return text === undefined ? [] : [{ colour: line.colour, text }];
    });
    this.told.draw([epoch, unit, ...said.flatMap(({ colour, text }) => [colour, text])], () => {
      const words = said.map(({ colour, text }) => h("b", { style: `color:${colour}`, text }));
      this.value.replaceChildren(...(epoch === undefined ? [] : [`${epochWords(epoch, unit)} `, ...words]));
    });
  }
}

/**
 * A line's value at an epoch in words; undefined where it has no such epoch.
 *
 * @param {Line} line
 * @param {number | undefined} epoch
 */
function valueAt({ epochs, values, label, why }, epoch) {
  const at = epoch === undefined ? -1 : epochs.lastIndexOf(epoch);
  if (at < 0) return undefined;
  const text = values[at] === null ? (why?.(at) ?? figure(null)) : figure(values[at]);
  return label ? `${label} ${text}` : text;
}
