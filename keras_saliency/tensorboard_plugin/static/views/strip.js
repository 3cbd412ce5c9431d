/** One probe over all epochs, or what changed at each. */

import { Cell } from "../parts/cell.js";
import { h, setAttribute, setChildren, setText } from "../parts/dom.js";
import { Choice, named, sizeSlider } from "../parts/inputs.js";
import { ProbePicker } from "../parts/probe_picker.js";
import { Pool } from "../parts/reuse.js";
import { SaveButton } from "../parts/save.js";
import { Short } from "../parts/short.js";
import { epochShort, epochWords, figure, numberWords, saidOf } from "../parts/words.js";
import { factOf } from "../state/order.js";
import { drawFrame, filmFile, referenceOf } from "./film.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { Probes } from "../data/probes.js"
 * @import { Series } from "../data/series.js"
 * @import { App } from "../state/app.js"
 * @import { State } from "../state/fields.js"
 * @import { Fact } from "../state/order.js"
 * @import { Shown } from "../state/selectors.js"
 * @import { Film } from "./film.js"
 */

const MOST_FRAMES = 400;

/** @type {Record<State["against"], [string, string]>} */
const AGAINST_WORDS = {
  none: ["Maps", "The map at each epoch."],
  before: ["Change since the look before", "Half the difference of the signed maps, each by its scale."],
  first: ["Change since the first look", "Half the difference of the signed maps, each by its scale."],
};

export class Strip {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.seen = new IntersectionObserver((entries) => this.appeared(entries), { rootMargin: "300px" });
    this.frames = new Pool((/** @type {number} */ step) => {
      const frame = new Frame(() => app.set({ step }));
      frame.element.dataset.step = String(step);
      this.seen.observe(frame.element);
      return frame;
    });
    /** The step that was last brought in sight. @type {number | undefined} */
    this.followed = undefined;
    this.settled = true;
    this.picker = new ProbePicker(app);
    this.against = new Choice("What each frame shows", AGAINST_WORDS, (against) => app.set({ against }));
    this.size = sizeSlider(app);
    this.thinned = h("span", { class: "quiet" });
    this.lead = new Lead();
    /** @type {Film | null} */
    this.film = null;
    this.save = new SaveButton("Save GIF", "All frames as an animated GIF, at the speed of playing", (say) =>
      filmFile(app, this.film, say),
    );
    this.grid = h("div", { class: "strip" });
    this.element = h(
      "section",
      { class: "view strip-view" },
      h(
        "div",
        { class: "bar" },
        this.picker.element,
        this.against.element,
        named("Size", this.size),
        this.save.element,
        this.thinned,
      ),
      h("div", { class: "film" }, this.lead.element, this.grid),
    );
  }

  /**
   * Only frames near the screen are drawn: their maps are fetched when they come close.
   *
   * @param {Shown} shown
   * @returns {Request[]}
   */
  needs({ state, run, method, series, step }) {
    if (!run || method === undefined || !series) return [];
    const visible = thinned(series.timeline, step).filter((at) => this.frames.made.get(at)?.visible);
    const wanted = visible.flatMap((at) => [at, referenceOf(at, series, state.against)]);
    const steps = new Set(wanted.filter((at) => at !== undefined));
    return [["probes", run.run], ...[...steps].map((at) => /** @type {Request} */ (["maps", run.run, method, at]))];
  }

  /** @param {Shown} shown */
  update(shown) {
    const { state, run, series, step } = shown;
    const probes = run && this.app.library.probes(run.run);
    if (!series || !probes) return;
    this.picker.update(probes);
    this.against.show(state.against);
    this.size.value = String(state.size);
    this.lead.update(probes, factOf(probes, series, step, shown.probe), shown);
    const steps = thinned(series.timeline, step);
    this.film = { shown, probes, series, steps };
    this.grid.style.setProperty("--size", `${Math.round(state.size * 0.7)}px`);
    const fewer = steps.length < series.timeline.length;
    setText(this.thinned, fewer ? `${steps.length} of ${series.timeline.length} looks` : "");
    const frames = steps.map((at) => this.frames.of(at, at));
    setChildren(
      this.grid,
      frames.map(({ element }) => element),
    );
    this.settled = frames.every(({ visible }) => visible !== undefined);
    for (const [at, frame] of frames.entries()) {
      frame.write(steps[at], series, factOf(probes, series, steps[at], shown.probe), shown);
      frame.element.classList.toggle("phase", begins(steps[at], steps[at - 1], run?.phases));
      setAttribute(frame.element, "data-far", !frame.visible);
      if (frame.visible) drawFrame(this.app, frame.cell, steps[at], { shown, probes, series });
    }
    this.follow(step);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  appeared(entries) {
    for (const { target, isIntersecting } of entries) {
      const step = Number(/** @type {HTMLElement} */ (target).dataset.step);
      this.frames.of(step, step).visible = isIntersecting;
    }
    this.app.changed();
  }

  /**
   * Keeps the current frame in sight, where the step was changed elsewhere.
   *
   * @param {number | undefined} step
   */
  follow(step) {
    if (this.followed === step || step === undefined) return;
    this.followed = step;
    this.frames.of(step, step).element.scrollIntoView({ block: "nearest" });
  }
}

/** One epoch; `visible` is undefined until the browser has said whether it is near the screen. */
class Frame {
  /** @param {() => void} open */
  constructor(open) {
    this.cell = new Cell();
    this.label = h("span", { class: "name" });
    this.change = new Short("quiet change");
    this.element = h(
      "button",
      { class: "frame", onclick: open },
      this.cell.element,
      h("span", { class: "line" }, this.label, this.change.element),
    );
    /** @type {boolean | undefined} */
    this.visible = undefined;
  }

  /**
   * @param {number} step
   * @param {Series} series
   * @param {Fact} fact
   * @param {Shown} shown
   */
  write(step, series, fact, { state, probe, step: current }) {
    const epoch = series.epochOf(step);
    const number = state.against === "first" ? "drift_from_start" : "drift";
    const change = series.of(number, step, probe);
    setText(this.label, epoch === undefined ? `step ${step}` : epochShort(epoch, series.unit));
    const drift = change === undefined ? {} : { verb: "drift ", after: figure(change) };
    this.change.write("", { ...drift, title: null });
    this.element.classList.toggle("wrong", fact.wrong === true);
    this.element.classList.toggle("current", step === current);
    setAttribute(this.element, "aria-current", step === current ? "true" : null);
    const when = epoch === undefined ? `step ${step}` : epochWords(epoch, series.unit);
    const changed = change === undefined ? "" : `${numberWords(number)} ${figure(change)}`;
    setAttribute(this.element, "title", [when, saidOf(fact), changed].filter(Boolean).join(", "));
  }
}

/** What all frames are of, in front of them: the image, its label, and what the model says at the shown epoch. */
class Lead {
  constructor() {
    this.cell = new Cell();
    this.name = h("b", { class: "name" });
    this.label = h("span", { class: "quiet" });
    this.said = h("span", { class: "said" });
    this.when = h("span", { class: "quiet" });
    this.element = h("div", { class: "lead" }, this.cell.element, this.name, this.label, this.said, this.when);
  }

  /**
   * @param {Probes} probes
   * @param {Fact} fact
   * @param {Shown} shown
   */
  update(probes, fact, { state, epoch, unit }) {
    this.cell.element.hidden = !probes.picture(fact.probe);
    this.cell.showProbe(probes, fact.probe, { ...state, layer: "image" });
    this.element.classList.toggle("wrong", fact.wrong === true);
    setText(this.name, fact.name);
    setText(this.label, fact.labelWords === null ? "" : `label ${fact.labelWords}`);
    setText(this.said, saidOf(fact));
    setText(this.when, epoch === undefined ? "" : epochWords(epoch, unit));
  }
}

/**
 * Whether a later fit of the same training begins between two steps.
 *
 * @param {number} step
 * @param {number | undefined} before
 * @param {number[]} [phases]
 */
function begins(step, before, phases = []) {
  return before !== undefined && phases.some((phase) => before < phase && phase <= step);
}

/**
 * Evenly fewer steps where there are very many, with the current one.
 *
 * @param {number[]} timeline
 * @param {number | undefined} current
 */
function thinned(timeline, current) {
  const every = Math.ceil(timeline.length / MOST_FRAMES);
  return every <= 1
    ? timeline
    : timeline.filter((step, at) => at % every === 0 || step === current || at === timeline.length - 1);
}
