/** Runs or methods under each other, on the same probes, at the same epoch. */

import { Cell, lookAt } from "../parts/cell.js";
import { h, setAttribute, setChildren, setText } from "../parts/dom.js";
import { Filters } from "../parts/filters.js";
import { Select } from "../parts/inputs.js";
import { Pool } from "../parts/reuse.js";
import { Short } from "../parts/short.js";
import { changeWords, figure, runWords, saidOf, saidParts } from "../parts/words.js";
import { chosen, facts } from "../state/order.js";
import { alike, columnsOf, methodsOf } from "../state/selectors.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { Probes } from "../data/probes.js"
 * @import { Series } from "../data/series.js"
 * @import { RunInfo } from "../data/source.js"
 * @import { App } from "../state/app.js"
 * @import { Column } from "../state/fields.js"
 * @import { Fact } from "../state/order.js"
 * @import { Shown } from "../state/selectors.js"
 *
 * @typedef {object} Compared what a row shows: its looks and its step at the shown epoch, or why it stands apart
 * @property {string} key
 * @property {string} run
 * @property {string} method
 * @property {string} [apart]
 * @property {Series} [series]
 * @property {number} [step]
 * @property {Fact[]} [facts]
 */

const HEAD = 152;
const GAP = 10;
const MARGINS = 48;

export class Compare {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.settled = true;
    this.filters = new Filters(app);
    this.add = new Select("Add", {}, (pair) => this.change((columns) => [...columns, JSON.parse(pair)]));
    this.reset = h("button", {
      class: "chip",
      text: "Start over",
      title: "Compare what is proposed: this method in all runs with the same probes",
      onclick: () => app.set({ columns: [] }),
    });
    this.parts = h("div", { class: "parts" });
    this.bands = h("div", { class: "bands" });
    this.nothing = h("p", { class: "quiet nothing", hidden: true, text: "No probe fits the filter." });
    this.made = {
      parts: new Pool((/** @type {Compared} */ row) => new Part(row, () => this.takeOut(row.key))),
      bands: new Pool(() => h("div", { class: "band" })),
      heads: new Pool((/** @type {Compared | null} */ row) => new Head(row)),
      names: new Pool((/** @type {number} */ probe) => new Name(() => app.set({ tab: "probe", probe }))),
      cells: new Pool((/** @type {Compared} */ row, /** @type {number} */ probe) => new Compartment(app, row, probe)),
    };
    this.element = h(
      "section",
      { class: "view compare-view" },
      h("div", { class: "bar" }, this.parts, this.add.element, this.reset),
      this.filters.element,
      this.bands,
      this.nothing,
    );
  }

  /**
   * @param {Shown} shown
   * @returns {Request[]}
   */
  needs(shown) {
    const rows = this.rows(shown).filter(({ apart }) => apart === undefined);
    return rows.flatMap(({ run, method, step }, at) => {
      /** @type {Request[]} */
      const needs = [["series", run, method]];
      if (at === 0) needs.push(["probes", run]);
      if (step !== undefined) needs.push(["maps", run, method, step]);
      return needs;
    });
  }

  /** @param {Shown} shown */
  update(shown) {
    const { state } = shown;
    const rows = this.rows(shown);
    this.updateParts(rows, state.columns.length > 0);
    const probes = rows.length ? this.app.library.probes(rows[0].run) : undefined;
    if (!probes) return;
    for (const row of rows) if (row.series && row.step !== undefined) row.facts = facts(probes, row.series, row.step);
    const leading = rows.find(({ series }) => series);
    if (!leading?.series) return;
    const all = leading.facts ?? facts(probes, leading.series, leading.step);
    const chosenFacts = chosen(all, state);
    this.filters.update(chosenFacts.length, all);
    setAttribute(this.nothing, "hidden", chosenFacts.length > 0);
    const together = rows.filter(({ apart }) => apart === undefined);
    this.updateBands(chosenFacts, together, probes);
  }

  /**
   * The rows, the first of which says which probes there are.
   *
   * @param {Shown} shown
   */
  rows(shown) {
    const columns = columnsOf(shown, this.app.library);
    const base = columns.length ? this.app.library.info(columns[0][0]) : undefined;
    return columns.map(([run, method]) => this.row(run, method, base, shown));
  }

  /**
   * @param {string} run
   * @param {string} method
   * @param {RunInfo | undefined} base
   * @param {Shown} shown
   * @returns {Compared}
   */
  row(run, method, base, shown) {
    const { library } = this.app;
    const info = library.info(run);
    const key = keyOf([run, method]);
    if (!info) return { key, run, method, apart: "this run is not in the log directory" };
    if (!Object.hasOwn(info.methods, method)) return { key, run, method, apart: "this run does not have this method" };
    if (base && !alike(info, base)) {
      const apart = `other probes (${mark(info)}, the first has ${mark(base)}): only runs that were asked the same question line up`;
      return { key, run, method, apart };
    }
    const series = library.series(run, method);
    const own =
      run === shown.run?.run && shown.step !== undefined && series?.problems[shown.step] ? shown.step : undefined;
    if (shown.series && series?.steps.length && series.unit !== shown.unit) {
      return {
        key,
        run,
        method,
        apart: `counts in ${series.unit}s, the scrubber in ${shown.unit}s: they do not line up`,
      };
    }
    return { key, run, method, series, step: own ?? series?.stepOfEpoch(shown.epoch) };
  }

  /**
   * @param {Compared[]} rows
   * @param {boolean} own whether they were chosen
   */
  updateParts(rows, own) {
    const taken = new Set(rows.map(({ key }) => key));
    /** @type {Column[]} */
    const pairs = this.app.library.runs.flatMap((info) => methodsOf(info).map((method) => [info.run, method]));
    const free = pairs.filter((pair) => !taken.has(keyOf(pair)));
    setChildren(
      this.parts,
      rows.map((row) => this.made.parts.of(row.key, row).update(row, rows.length > 1)),
    );
    this.add.offer({
      "": "a run or method …",
      ...Object.fromEntries(free.map((pair) => [JSON.stringify(pair), `${runWords(pair[0])} · ${pair[1]}`])),
    });
    this.add.show("");
    setAttribute(this.add.element, "hidden", free.length === 0);
    setAttribute(this.reset, "hidden", !own);
  }

  /**
   * As many probes side by side as fit, then the next band; in a band a row per source.
   *
   * @param {Fact[]} shown
   * @param {Compared[]} rows
   * @param {Probes} probes
   */
  updateBands(shown, rows, probes) {
    const { size } = this.app.state;
    const width = (this.bands.clientWidth || 1000) - MARGINS - HEAD;
    const most = Math.max(1, Math.floor(width / (size * 0.8 + GAP)));
    const across = Math.ceil(shown.length / Math.ceil(shown.length / most)) || 1;
    const bands = [];
    for (let first = 0; first < shown.length; first += across) bands.push(shown.slice(first, first + across));
    setChildren(
      this.bands,
      bands.map((band, at) => this.band(at, band, across, rows, probes)),
    );
  }

  /**
   * @param {number} at
   * @param {Fact[]} band
   * @param {number} across
   * @param {Compared[]} rows
   * @param {Probes} probes
   */
  band(at, band, across, rows, probes) {
    const { heads, names, cells } = this.made;
    const element = this.made.bands.of(at);
    element.style.gridTemplateColumns = `${HEAD}px repeat(${across}, minmax(0, ${Math.round(this.app.state.size * 1.3)}px))`;
    setChildren(element, [
      heads.of(keyOf([at, ""]), null).update(null),
      ...band.map((fact) => names.of(fact.probe, fact.probe).update(fact)),
      ...rows.flatMap((row) => [
        heads.of(keyOf([at, row.key]), row).update(row),
        ...band.map(({ probe }) => cells.of(keyOf([row.key, probe]), row, probe).update(row, probes)),
      ]),
    ]);
    return element;
  }

  /** @param {string} key */
  takeOut(key) {
    this.change((columns) => columns.filter((column) => keyOf(column) !== key));
  }

  /**
   * Other columns; the first is the run and method that the scrubber follows.
   *
   * @param {(columns: readonly Column[]) => Column[]} edit
   */
  change(edit) {
    const columns = edit(this.app.columns);
    const [run, method] = columns[0];
    this.app.set({ columns, run, method });
  }
}

/** The name of a row above the bands, and how to take it out. */
class Part {
  /**
   * @param {Compared} row
   * @param {() => void} takeOut
   */
  constructor({ run, method }, takeOut) {
    this.why = h("span", { class: "quiet" });
    this.remove = h("button", {
      class: "remove",
      text: "×",
      "aria-label": `Take out ${runWords(run)}, ${method}`,
      title: "Take this out",
      onclick: takeOut,
    });
    const [name, by] = [h("b", { text: runWords(run) }), h("span", { text: method })];
    this.element = h("span", { class: "part" }, name, by, this.why, this.remove);
  }

  /**
   * @param {Compared} row
   * @param {boolean} removable
   */
  update({ apart }, removable) {
    setAttribute(this.remove, "hidden", !removable);
    this.element.classList.toggle("apart", apart !== undefined);
    setText(this.why, apart ?? "");
    return this.element;
  }
}

/** What a row of a band shows; the first of a band stands over nothing. */
class Head {
  /** @param {Compared | null} row */
  constructor(row) {
    this.numbers = h("span", { class: "quiet" });
    const words = row ? [h("b", { text: runWords(row.run) }), h("span", { text: row.method }), this.numbers] : [];
    this.element = h("div", { class: "compare-head" }, ...words);
  }

  /** @param {Compared | null} row */
  update(row) {
    if (row) setText(this.numbers, numbersOf(row));
    return this.element;
  }
}

/** The name of a probe over its column. */
class Name {
  /** @param {() => void} open */
  constructor(open) {
    this.title = h("b", { class: "name" });
    this.label = new Short("quiet");
    const about = { class: "compare-probe", title: "Open this probe", onclick: open };
    this.element = h("button", about, this.title, this.label.element);
  }

  /** @param {Fact} fact */
  update({ name, labelWords }) {
    setText(this.title, name);
    this.label.write(labelWords ?? "", { verb: labelWords === null ? "" : "label " });
    return this.element;
  }
}

/** One probe of one row. */
class Compartment {
  /**
   * @param {App} app
   * @param {Compared} row
   * @param {number} probe
   */
  constructor(app, { run, method }, probe) {
    this.app = app;
    this.probe = probe;
    this.cell = new Cell();
    this.said = new Short("said");
    this.change = h("span", { class: "quiet", title: "Drift" });
    this.element = h(
      "div",
      { class: "compare-cell", "data-run": run, "data-method": method, "data-probe": probe },
      this.cell.element,
      h("span", { class: "line" }, this.said.element, this.change),
    );
  }

  /**
   * @param {Compared} row
   * @param {Probes} probes
   */
  update({ run, method, series, step, facts: known }, probes) {
    const { app, cell, probe } = this;
    const fact = known?.[probe];
    this.element.classList.toggle("wrong", fact?.wrong === true);
    cell.showProbe(probes, probe, app.state);
    const { words, ...around } = fact ? saidParts(fact) : { words: "" };
    this.said.write(words, { ...around, title: fact ? saidOf(fact) : null });
    setText(this.change, fact ? changeWords(fact) : "");
    if (series && step === undefined) cell.showNothing("no look at this epoch");
    else if (series) cell.showMap(lookAt(app, run, method, step, probe), probe, app.state, app.palette(app.state.view));
    return this.element;
  }
}

/** @param {readonly (string | number)[]} parts */
function keyOf(parts) {
  return parts.join("\u0000");
}

/** @param {Compared} row */
function numbersOf({ series, step }) {
  if (!series) return "loading";
  if (series.at(step) === undefined) return "no look at this epoch";
  const accuracy = series.in(series.probe_accuracy, step);
  const enrichments = Object.entries(series.numbers)
    .filter(([name]) => name.endsWith("_enrichment"))
    .map(([name, values]) => `${name.replace("_enrichment", "")} ×${figure(series.in(values, step))}`);
  const drift = `drift ${figure(series.in(series.numbers.drift, step))}`;
  return [...(accuracy === null ? [] : [`accuracy ${figure(accuracy)}`]), drift, ...enrichments].join(", ");
}

/** @param {RunInfo} info */
function mark({ fingerprint }) {
  return fingerprint ? `${fingerprint.slice(0, 8)}…` : "unknown";
}
