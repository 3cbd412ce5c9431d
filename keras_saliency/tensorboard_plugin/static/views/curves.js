/** The numbers of every run over the epochs. */

import { nearestTo } from "../parts/axis.js";
import { Chart } from "../parts/chart.js";
import { runColour } from "../parts/colours.js";
import { h, setChildren } from "../parts/dom.js";
import { Once, Pool } from "../parts/reuse.js";
import { NO_DRIFT_WORDS, epochWords, numberWords, runWords } from "../parts/words.js";
import { readField } from "../state/fields.js";
import { namesSaid } from "../state/glance.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { Series } from "../data/series.js"
 * @import { RunInfo } from "../data/source.js"
 * @import { Line } from "../parts/chart.js"
 * @import { Unit } from "../parts/words.js"
 * @import { App } from "../state/app.js"
 * @import { State } from "../state/fields.js"
 * @import { Shown } from "../state/selectors.js"
 *
 * @typedef {{ info: RunInfo, colour: string, method: string | undefined }} Known a run, and the method if it has it
 * @typedef {{ colour: string, series: Series, name: string, phases: number[] }} Drawn phases: the epochs after which
 *   later fits of the same training begin
 */

const MAIN = ["drift", "entropy"];
const OTHERS = ["drift_from_start", "top_overlap", "center_shift", "magnitude", "gini", "zero_fraction"];
const ACCURACY = "probe_accuracy";
const MOST_SAID = 4;
const SAID = "What the training says of itself: Keras’ own number. Dashed: on the validation data.";
/** @type {Record<Unit, string>} */
const OVER = { epoch: "Over epochs", step: "Over steps: these runs count batches" };
const FEWEST = 3;

export class Curves {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.settled = true;
    this.charts = new Pool((/** @type {Unit} */ unit, /** @type {string} */ name) => {
      const chart = new Chart(numberWords(name), app.about(name), (epoch) => this.go(epoch, unit));
      chart.element.dataset.number = name;
      return chart;
    });
    this.said = new Pool((/** @type {Unit} */ unit, /** @type {string} */ name) => {
      const chart = new Chart(`training’s ${numberWords(name)}`, SAID, (epoch) => this.go(epoch, unit));
      chart.element.dataset.said = name;
      return chart;
    });
    this.headings = new Pool((/** @type {Unit} */ unit) => h("h3", { class: "over", text: OVER[unit] }));
    this.drawn = { legend: new Once(), stable: new Once() };
    this.legend = h("div", { class: "runs", role: "group", "aria-label": "Runs" });
    /** @type {HTMLInputElement} */
    this.level = h("input", {
      type: "number",
      min: 0,
      max: 2,
      step: 0.01,
      "aria-label": "Level of drift",
      onchange: () => app.set({ level: readField("level", this.level.value) }),
    });
    /** @type {HTMLInputElement} */
    this.more = h("input", {
      type: "checkbox",
      onchange: () => app.set({ numbers: this.more.checked ? "all" : "main" }),
    });
    this.stable = h("ul", { class: "stable" });
    this.grid = h("div", { class: "charts" });
    this.element = h(
      "section",
      { class: "view curves-view" },
      h(
        "div",
        { class: "bar" },
        this.legend,
        h("span", { class: "grow" }),
        h(
          "label",
          { class: "field", title: "A run has stabilised where its drift stays under this level to the end." },
          h("span", { class: "quiet", text: "Stable: drift under" }),
          this.level,
        ),
        h("label", { class: "field tick" }, this.more, h("span", { text: "All numbers" })),
      ),
      this.stable,
      this.grid,
    );
  }

  /**
   * @param {Shown} shown
   * @returns {Request[]}
   */
  needs(shown) {
    return this.visible(shown).map(({ info, method }) => ["series", info.run, method]);
  }

  /** @param {Shown} shown */
  update(shown) {
    const { state } = shown;
    this.updateLegend(this.known(shown), state.hidden);
    if (document.activeElement !== this.level) this.level.value = String(state.level);
    this.more.checked = state.numbers === "all";
    const lines = this.visible(shown).flatMap(({ info, colour, method }) => {
      const series = this.app.library.series(info.run, method);
      return series ? [{ colour, series, name: runWords(info.run), phases: phasesOf(info, series) }] : [];
    });
    this.updateStable(lines, state.level);
    const units = /** @type {Unit[]} */ (shown.unit === "epoch" ? ["epoch", "step"] : ["step", "epoch"]);
    const groups = units.map((unit) => ({ unit, lines: lines.filter(({ series }) => series.unit === unit) }));
    const there = groups.filter((group) => group.lines.length);
    setChildren(
      this.grid,
      there.flatMap(({ unit, lines: drawn }) => [
        ...(there.length > 1 ? [this.headings.of(unit, unit)] : []),
        ...this.updateCharts(unit, drawn, shown),
      ]),
    );
  }

  /**
   * The charts of the runs that count in a unit: those that count otherwise have an axis of their own.
   *
   * @param {Unit} unit
   * @param {Drawn[]} lines
   * @param {Shown} shown
   */
  updateCharts(unit, lines, shown) {
    const all = shown.state.numbers === "all";
    const marked = { unit, epoch: shown.unit === unit ? shown.epoch : undefined };
    const ours = numbersOf(lines, all).map((name) => {
      const chart = this.charts.of(keyOf(unit, name), unit, name);
      chart.update({ ...marked, ...contentOf(name, lines, shown.state) });
      return chart.element;
    });
    const said = [...new Set(lines.flatMap(({ series }) => namesSaid(series)))];
    const theirs = said.slice(0, all ? said.length : MOST_SAID).map((name) => {
      const chart = this.said.of(keyOf(unit, name), unit, name);
      chart.update({ ...marked, lines: linesSaid(name, lines) });
      return chart.element;
    });
    return [...ours, ...theirs];
  }

  /**
   * Every run with its colour.
   *
   * @param {Shown} shown
   * @returns {Known[]}
   */
  known({ method }) {
    return this.app.library.runs.map((info, at) => ({
      info,
      colour: runColour(at),
      method: method !== undefined && Object.hasOwn(info.methods, method) ? method : undefined,
    }));
  }

  /**
   * The runs that have the method and are not hidden.
   *
   * @param {Shown} shown
   */
  visible(shown) {
    return this.known(shown).flatMap(({ info, colour, method }) =>
      method === undefined || shown.state.hidden.includes(info.run) ? [] : [{ info, colour, method }],
    );
  }

  /**
   * @param {Known[]} known
   * @param {State["hidden"]} hidden
   */
  updateLegend(known, hidden) {
    const from = known.flatMap(({ info, method }) => [info.run, method, hidden.includes(info.run)]);
    this.drawn.legend.draw(from, () => {
      this.legend.replaceChildren(
        ...known.map(({ info, colour, method }) =>
          h(
            "button",
            {
              class: "chip run",
              "aria-pressed": String(!hidden.includes(info.run)),
              disabled: method === undefined,
              title: method === undefined ? "This run does not have this method." : "Show or hide this run",
              onclick: () => this.toggle(info.run),
            },
            h("span", { class: "swatch", style: `background:${colour}` }),
            runWords(info.run),
          ),
        ),
      );
    });
  }

  /** @param {string} run */
  toggle(run) {
    const { hidden } = this.app.state;
    this.app.set({ hidden: hidden.includes(run) ? hidden.filter((other) => other !== run) : [...hidden, run] });
  }

  /**
   * @param {Drawn[]} lines
   * @param {number} level
   */
  updateStable(lines, level) {
    const sentences = lines.map(({ name, colour, series }) => ({ name, colour, words: stability(series, level) }));
    this.drawn.stable.draw(
      sentences.flatMap(({ name, colour, words }) => [name, colour, words]),
      () => {
        this.stable.replaceChildren(
          ...sentences.map(({ name, colour, words }) => {
            const swatch = h("span", { class: "swatch", style: `background:${colour}` });
            return h("li", {}, swatch, h("b", { text: name }), ` ${words}`);
          }),
        );
      },
    );
  }

  /**
   * Goes to an epoch, where the shown run has a look at it.
   *
   * @param {number} epoch
   * @param {Unit} unit
   */
  go(epoch, unit) {
    const { series } = this.app.shown;
    const step = series?.stepOfEpoch(nearestTo(epoch, series.epochs), unit);
    if (step !== undefined) this.app.set({ step });
  }
}

/**
 * @param {Unit} unit
 * @param {string} name
 */
function keyOf(unit, name) {
  return `${unit} ${name}`;
}

/**
 * What a chart of one of our numbers shows.
 *
 * @param {string} name
 * @param {Drawn[]} lines
 * @param {State} state
 */
function contentOf(name, lines, { level }) {
  return {
    lines: lines.map(({ name: line, colour, series, phases }) => ({
      name: line,
      colour,
      phases,
      epochs: series.epochs,
      values: series.curve(name),
      why: (/** @type {number} */ at) => (name.startsWith("drift") ? whyNoDrift(series, series.steps[at]) : undefined),
    })),
    level: name === "drift" ? level : name.endsWith("_enrichment") ? 1 : undefined,
    least: name === "entropy" ? undefined : 0,
    most: name === ACCURACY ? 1 : undefined,
  };
}

/**
 * The lines of a number of the training, and of the same on the validation data.
 *
 * @param {string} name
 * @param {Drawn[]} lines
 * @returns {Line[]}
 */
function linesSaid(name, lines) {
  return lines.flatMap(({ name: run, colour, series, phases }) => {
    const [own, validated] = [series.logs[name], series.logs[`val_${name}`]];
    const line = { name: run, colour, phases, epochs: series.epochs, bridged: true };
    return [
      ...(own ? [{ ...line, values: own }] : []),
      ...(validated ? [{ ...line, name: `${run} val`, label: "val", dashed: true, values: validated }] : []),
    ];
  });
}

/**
 * @param {Series} series
 * @param {number | undefined} step
 */
function whyNoDrift(series, step) {
  const reason = series.noMeanDrift(step);
  return reason && { ...NO_DRIFT_WORDS, zero: "all maps are zero", "not finite": "no map is finite" }[reason];
}

/**
 * The epochs after which later fits of a run begin.
 *
 * @param {RunInfo} info
 * @param {Series} series
 */
function phasesOf({ phases = [] }, series) {
  return phases.flatMap((phase) => series.epochs[series.steps.findLastIndex((step) => step < phase)] ?? []);
}

/**
 * The numbers that there are charts of.
 *
 * @param {Drawn[]} lines
 * @param {boolean} all
 */
function numbersOf(lines, all) {
  const there = new Set(lines.flatMap(({ series }) => Object.keys(series.numbers)));
  const enrichments = [...there].filter((name) => name.endsWith("_enrichment")).sort();
  const accuracy = lines.some(({ series }) => series.probe_accuracy.some((value) => value !== null)) ? [ACCURACY] : [];
  return [...MAIN, ...enrichments, ...accuracy, ...(all ? OTHERS : [])].filter(
    (name) => name === ACCURACY || there.has(name),
  );
}

/**
 * Since when the drift has stayed under a level, in words.
 *
 * @param {Series} series
 * @param {number} level
 */
function stability(series, level) {
  const drift = series.curve("drift").flatMap((value, at) => (value === null ? [] : [[series.epochs[at], value]]));
  const over = drift.findLastIndex(([, value]) => value >= level);
  const under = drift.length - 1 - over;
  if (!drift.length) {
    const why = series.steps.length > 1 ? whyNoDrift(series, series.steps.at(-1)) : undefined;
    return why ? `has no drift: ${why}.` : "has no drift yet.";
  }
  if (under < FEWEST) {
    const [epoch, value] = drift[over < 0 ? drift.length - 1 : over];
    return `has not stabilised: drift was ${value.toFixed(2)} at ${epochWords(epoch, series.unit)}.`;
  }
  return `stabilised at ${epochWords(drift[over + 1][0], series.unit)}: drift stays under ${level} for ${under} looks, to the end.`;
}
