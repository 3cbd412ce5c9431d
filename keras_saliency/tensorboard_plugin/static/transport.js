/** One scrubber for everything: drag it, use the arrow keys, or let it play. */

import { h, setAttribute, setText, svg } from "./dom.js";
import { epochShort, epochWords } from "./words.js";

const SPEEDS = [1, 2, 4, 8, 16, 30];

export class Transport {
  constructor(app) {
    this.app = app;
    this.timer = null;
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

  button(icon, title, act) {
    return h("button", { class: `icon ${icon}`, title, "aria-label": title, onclick: () => act() }, glyph(icon));
  }

  /** Goes to a position of the timeline. */
  go(at) {
    const timeline = this.app.current?.timeline ?? [];
    const step = timeline[Math.max(0, Math.min(timeline.length - 1, at))];
    if (step !== undefined) this.app.set({ step });
  }

  /** Goes some positions on. */
  move(by) {
    this.go(this.place + by);
  }

  get place() {
    return this.app.current?.timeline.indexOf(this.app.step) ?? 0;
  }

  /** Starts or stops playing; at the end it starts from the beginning. */
  toggle() {
    if (this.timer !== null) return this.stop();
    if (this.place >= (this.app.current?.timeline.length ?? 0) - 1) this.go(0);
    this.tick();
    return this.app.changed();
  }

  tick() {
    this.timer = setTimeout(() => {
      const last = (this.app.current?.timeline.length ?? 0) - 1;
      if (this.place >= last) return this.stop();
      if (this.ready(this.place + 1)) this.move(1);
      return this.tick();
    }, 1000 / this.app.state.speed);
  }

  /** Whether the maps at a place are here already: playing shows every epoch. */
  ready(place) {
    const { app } = this;
    const step = app.current.timeline[place];
    return app.maps(app.run.run, app.method, step) !== undefined;
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.app.changed();
  }

  update() {
    const { app } = this;
    const series = app.current;
    const timeline = series?.timeline ?? [];
    setAttribute(this.element, "hidden", timeline.length === 0 || app.state.tab === "checks");
    this.range.max = Math.max(0, timeline.length - 1);
    this.range.value = String(Math.max(0, this.place));
    this.range.style.setProperty("--part", timeline.length > 1 ? this.place / (timeline.length - 1) : 0);
    const words = app.epoch !== undefined ? epochWords(app.epoch, app.unit) : app.step === undefined ? "" : `step ${app.step}`;
    setText(this.label, words);
    setAttribute(this.range, "aria-valuetext", words);
    const last = series?.epochs.at(-1);
    const total = app.epoch === undefined || app.epoch === -1 || last === undefined ? "" : epochShort(last, app.unit);
    setText(this.total, total && ` of ${total}`);
    setAttribute(this.live, "aria-pressed", String(app.state.step === "latest"));
    this.speed.value = String(app.state.speed);
    this.playButton.classList.toggle("playing", this.timer !== null);
    setAttribute(this.playButton, "aria-pressed", String(this.timer !== null));
    if (series) this.drawCurve(series);
  }

  /** How much the maps changed at each look, under the scrubber; looks that cannot be read are marked. */
  drawCurve(series) {
    const key = `${this.app.run.run} ${this.app.method} ${series.timeline.length} ${series.steps.length}`;
    if (key === this.curveKey) return;
    this.curveKey = key;
    const drift = series.timeline.map((step) => series.numbers.drift?.[series.at(step)] ?? null);
    const most = Math.max(0.05, ...drift.filter((value) => value !== null));
    const width = Math.max(1, series.timeline.length - 1);
    this.curve.setAttribute("viewBox", `0 0 ${width} 1`);
    const tops = drift.map((value, at) => `${at} ${1 - Math.sqrt(Math.max(0, value ?? 0) / most)}`);
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

function glyph(name) {
  const icon = svg(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { class: "shape", d: GLYPHS[name] }),
  );
  if (name === "play") icon.append(svg("path", { class: "pause", d: PAUSE }));
  return icon;
}
