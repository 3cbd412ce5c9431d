/** One probe over all epochs, or what changed at each. */

import { Cell, lookAt } from "./cell.js";
import { palette } from "./colormaps.js";
import { Choice, named, sizeSlider } from "./controls.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { factOf } from "./order.js";
import { ProbePicker } from "./probe_picker.js";
import { epochShort, epochWords, figure } from "./words.js";

const MOST_FRAMES = 400;

export class Strip {
  constructor(app) {
    this.app = app;
    this.frames = new Map();
    this.picker = new ProbePicker(app);
    this.against = new Choice(
      "What each frame shows",
      {
        none: ["Maps", "The map at each epoch."],
        before: ["Change since the look before", "Half the difference of the signed maps, each by its scale."],
        first: ["Change since the first look", "Half the difference of the signed maps, each by its scale."],
      },
      (against) => app.set({ against }),
    );
    this.size = sizeSlider(app);
    this.thinned = h("span", { class: "quiet" });
    this.grid = h("div", { class: "strip" });
    this.element = h(
      "section",
      { class: "view strip-view" },
      h("div", { class: "bar" }, this.picker.element, this.against.element, named("Size", this.size), this.thinned),
      this.grid,
    );
    this.seen = new IntersectionObserver((entries) => this.appeared(entries), { rootMargin: "300px" });
  }

  update() {
    const { app } = this;
    const { state } = app;
    const series = app.current;
    const probes = app.probes(app.run.run);
    if (!series || !probes) return;
    this.picker.update(probes);
    this.against.show(state.against);
    this.size.value = state.size;
    this.grid.style.setProperty("--size", `${Math.round(state.size * 0.7)}px`);
    const steps = thinned(series.timeline, app.step);
    setText(
      this.thinned,
      steps.length < series.timeline.length ? `${steps.length} of ${series.timeline.length} looks` : "",
    );
    setChildren(
      this.grid,
      steps.map((step) => this.frame(step).element),
    );
    this.colours = palette(state.against === "none" ? state.view : "signed", state.colours);
    for (const step of steps) this.updateFrame(step, series, probes);
    this.follow();
  }

  updateFrame(step, series, probes) {
    const { app } = this;
    const { state, probe } = app;
    const frame = this.frame(step);
    const epoch = series.epochOf(step);
    setText(frame.label, epoch === undefined ? `step ${step}` : epochShort(epoch, series.unit));
    setText(frame.change, figure(series.of(state.against === "first" ? "drift_from_start" : "drift", step, probe)));
    const current = step === app.step;
    frame.element.classList.toggle("current", current);
    setAttribute(frame.element, "aria-current", current ? "true" : null);
    setAttribute(frame.element, "title", epoch === undefined ? `step ${step}` : epochWords(epoch, series.unit));
    if (frame.visible === undefined) this.app.noted(undefined);
    if (!frame.visible) return;
    const fact = factOf(probes, series, step, probe);
    frame.element.classList.toggle("wrong", fact.wrong === true);
    const shown = state.against === "none" ? state : { ...state, layer: "map" };
    frame.cell.showProbe(probes, probe, shown);
    if (state.against === "none") frame.cell.showMap(this.look(step, state.view), probe, shown, this.colours);
    else this.showChange(frame, step, series, probe);
  }

  showChange(frame, step, series, probe) {
    const reference =
      this.app.state.against === "first" ? series.steps[0] : series.timeline[series.timeline.indexOf(step) - 1];
    if (reference === undefined || reference === step) frame.cell.showNothing("first look");
    else frame.cell.showChange(this.look(step, "signed"), this.look(reference, "signed"), probe, this.colours);
  }

  look(step, view) {
    const { app } = this;
    return lookAt(app, app.run.run, app.method, step, app.probe, view);
  }

  frame(step) {
    if (!this.frames.has(step)) {
      const cell = new Cell();
      const [label, change] = [h("span", { class: "name" }), h("span", { class: "quiet change" })];
      const element = h(
        "button",
        { class: "frame", onclick: () => this.app.set({ step }) },
        cell.element,
        h("span", { class: "line" }, label, change),
      );
      element.dataset.step = step;
      this.frames.set(step, { cell, label, change, element, visible: undefined });
      this.seen.observe(element);
    }
    return this.frames.get(step);
  }

  /** Only frames near the screen are drawn: their maps are fetched when they come close. */
  appeared(entries) {
    for (const { target, isIntersecting } of entries)
      this.frames.get(Number(target.dataset.step)).visible = isIntersecting;
    this.app.changed();
  }

  /** Keeps the current frame in sight, where the step was changed elsewhere. */
  follow() {
    if (this.followed === this.app.step) return;
    this.followed = this.app.step;
    this.frames.get(this.app.step)?.element.scrollIntoView({ block: "nearest" });
  }
}

/** Evenly fewer steps where there are very many, with the current one. */
function thinned(timeline, current) {
  const every = Math.ceil(timeline.length / MOST_FRAMES);
  return every <= 1
    ? timeline
    : timeline.filter((step, at) => at % every === 0 || step === current || at === timeline.length - 1);
}
