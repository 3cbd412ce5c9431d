/** One scrubber for everything: drag it, use the arrow keys, or let it play. */

import { h, setAttribute, setText, svg } from "./dom.js";
import { Once } from "./reuse.js";
import { epochShort, epochWords } from "./words.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { Series } from "../data/series.js"
 * @import { App } from "../state/app.js"
 * @import { Shown } from "../state/selectors.js"
 */

const SPEEDS = [1, 2, 4, 8, 16, 30];

export class Transport {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
    this.drawn = new Once();
    /** @type {HTMLInputElement} */
    this.range = h("input", {
      type: "range",
      class: "scrubber",
      min: 0,
      step: 1,
      "aria-label": "Epoch",
      oninput: () => this.go(Number(this.range.value)),
    });
    this.curve = svg("svg", { class: "scrubber-curve", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.playButton = this.button("play", "Play (space)", () => this.toggle());
    this.label = h("output", { class: "epoch" });
    this.total = h("span", { class: "quiet total" });
    this.live = h("button", {
      class: "chip live",
      text: "Latest",
      title: "Stay at the newest epoch while training goes on (End)",
      onclick: () => app.set({ step: "latest" }),
    });
    /** @type {HTMLSelectElement} */
    this.speed = h(
      "select",
      {
        "aria-label": "Speed of playing",
        title: "Epochs per second",
        onchange: () => app.set({ speed: Number(this.speed.value) }),
      },
      ...SPEEDS.map((speed) => h("option", { value: speed, text: `${speed}/s` })),
    );
    this.element = h(
      "footer",
      { class: "transport", "aria-label": "Epochs" },
      h(
        "div",
        { class: "buttons" },
        this.button("first", "First look (Home)", () => this.go(0)),
        this.button("back", "One back (←)", () => this.move(-1)),
        this.playButton,
        this.button("forward", "One on (→)", () => this.move(1)),
        this.button("last", "Newest look (End)", () => app.set({ step: "latest" })),
      ),
      h("div", { class: "now" }, this.label, this.total),
      h("div", { class: "track" }, this.curve, this.range),
      this.speed,
      this.live,
    );
  }

  /**
   * @param {keyof typeof GLYPHS} icon
   * @param {string} title
   * @param {() => void} act
   */
  button(icon, title, act) {
    return h("button", { class: `icon ${icon}`, title, "aria-label": title, onclick: () => act() }, glyph(icon));
  }

  get timeline() {
    return this.app.shown.series?.timeline ?? [];
  }

  /** The position of what is shown; −1 where that is not known. */
  get place() {
    const { series, step } = this.app.shown;
    return series && step !== undefined ? series.timeline.indexOf(step) : -1;
  }

  /**
   * Goes to a position of the timeline.
   *
   * @param {number} at
   */
  go(at) {
    const { timeline } = this;
    const step = timeline[Math.max(0, Math.min(timeline.length - 1, at))];
    if (step !== undefined) this.app.set({ step });
  }

  /**
   * Goes some positions on.
   *
   * @param {number} by
   */
  move(by) {
    this.go(this.place + by);
  }

  /** Starts or stops playing; at the end it starts from the beginning. */
  toggle() {
    if (this.timer !== null) return void this.stop();
    if (this.place >= this.timeline.length - 1) this.go(0);
    this.tick();
    return void this.app.changed();
  }

  tick() {
    this.timer = setTimeout(() => {
      if (this.place >= this.timeline.length - 1) return void this.stop();
      if (this.ready(this.place + 1)) this.move(1);
      return void this.tick();
    }, 1000 / this.app.state.speed);
  }

  /**
   * Whether the maps at a place are here, or else on their way: playing shows every epoch.
   *
   * @param {number} place
   */
  ready(place) {
    const { library, shown } = this.app;
    const { run, method } = shown;
    if (!run || method === undefined) return false;
    /** @type {Request} */
    const request = ["maps", run.run, method, this.timeline[place]];
    library.ask([request]);
    return library.has(request);
  }

  stop() {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.app.changed();
  }

  /** @param {Shown} shown */
  update({ state, series, step, epoch, unit }) {
    const timeline = series?.timeline ?? [];
    const place = Math.max(0, timeline.indexOf(step ?? NaN));
    const playing = this.timer !== null;
    setAttribute(this.element, "hidden", timeline.length === 0);
    this.range.max = String(Math.max(0, timeline.length - 1));
    this.range.value = String(place);
    this.range.style.setProperty("--part", String(timeline.length > 1 ? place / (timeline.length - 1) : 0));
    const words = epoch !== undefined ? epochWords(epoch, unit) : step === undefined ? "" : `step ${step}`;
    setText(this.label, words);
    setAttribute(this.range, "aria-valuetext", words);
    const last = series?.epochs.at(-1);
    const total = epoch === undefined || epoch === -1 || last === undefined ? "" : epochShort(last, unit);
    setText(this.total, total && ` of ${total}`);
    setAttribute(this.live, "aria-pressed", String(state.step === "latest"));
    this.speed.value = String(state.speed);
    this.playButton.classList.toggle("playing", playing);
    setAttribute(this.playButton, "aria-pressed", String(playing));
    if (series) this.drawn.draw([series], () => this.drawCurve(series));
  }

  /**
   * How much the maps changed at each look, under the scrubber; looks that cannot be read are marked.
   *
   * @param {Series} series
   */
  drawCurve(series) {
    const drift = series.timeline.map((step) => series.in(series.numbers.drift, step) ?? 0);
    const most = drift.reduce((largest, value) => Math.max(largest, value), 0.05);
    const width = Math.max(1, series.timeline.length - 1);
    this.curve.setAttribute("viewBox", `0 0 ${width} 1`);
    const tops = drift.map((value, at) => `${at} ${1 - Math.sqrt(Math.max(0, value) / most)}`);
    const bad = series.timeline.flatMap((step, at) => (series.problems[step] ? [`M${at} 0v1`] : []));
    this.curve.replaceChildren(
      svg("path", { class: "area", d: `M0 1L${tops.join("L")}L${width} 1Z` }),
      svg("path", { class: "bad", d: bad.join("") }),
    );
    setAttribute(
      this.range,
      "title",
      "The hills show how much the maps changed at each look (drift, as its square root).",
    );
  }
}

const GLYPHS = {
  first: "M4 3h2v10H4zM13 3v10L6.5 8z",
  back: "M11.5 3v10L4.5 8z",
  forward: "M4.5 3v10l7-5z",
  last: "M10 3h2v10h-2zM3 3v10l6.500-5z",
  play: "M4 2.500v11l9-5.500z",
};
const PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";

/** @param {keyof typeof GLYPHS} name */
function glyph(name) {
  const icon = svg(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { class: "shape", d: GLYPHS[name] }),
  );
  if (name === "play") icon.append(svg("path", { class: "pause", d: PAUSE }));
  return icon;
}
