/** One probe, large: the image, its map by every method, and the value under the pointer. */

import { lookAt } from "../parts/cell.js";
import { Chart } from "../parts/chart.js";
import { h, setAttribute, setChildren, setText } from "../parts/dom.js";
import { Pin } from "../parts/pin.js";
import { ProbePicker } from "../parts/probe_picker.js";
import { Once, Pool } from "../parts/reuse.js";
import { NO_DRIFT_WORDS, epochWords, figure, numberWords, saidOf } from "../parts/words.js";
import { ENRICHMENT, factOf } from "../state/order.js";
import { methodsOf } from "../state/selectors.js";
import { Panel, pixelAt } from "./panel.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { Picture, Probes } from "../data/probes.js"
 * @import { Series } from "../data/series.js"
 * @import { RunInfo } from "../data/source.js"
 * @import { App } from "../state/app.js"
 * @import { Fact } from "../state/order.js"
 * @import { Shown } from "../state/selectors.js"
 * @import { Place } from "./panel.js"
 */

export class ProbeView {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.settled = true;
    this.picker = new ProbePicker(app);
    this.pin = new Pin(app, () => app.shown.probe);
    this.name = h("h2", { class: "name" });
    this.said = h("p", { class: "said" });
    this.reading = h("p", { class: "reading quiet", "aria-live": "off", text: "Point at a map to read its values." });
    /** @type {Place} */
    this.place = null;
    this.image = new Panel("Image", (place) => this.read(place));
    this.methods = new Pool(
      (/** @type {string} */ method) =>
        new Panel(
          method,
          (place) => this.read(place),
          () => app.set({ method }),
        ),
    );
    this.charts = new Pool((/** @type {string} */ name) => {
      const words = name === "score" ? "explained score" : numberWords(name);
      return new Chart(words, app.about(name), (epoch) => this.go(epoch));
    });
    this.panels = h("div", { class: "panels" });
    this.table = h("dl", { class: "numbers" });
    this.told = new Once();
    this.chartGrid = h("div", { class: "charts" });
    this.element = h(
      "section",
      { class: "view probe-view" },
      h(
        "div",
        { class: "bar" },
        h("button", {
          class: "chip",
          text: "← Grid",
          title: "Back to all probes (Escape)",
          onclick: () => app.set({ tab: "grid" }),
        }),
        this.picker.element,
        this.pin.element,
      ),
      h("div", { class: "headline" }, this.name, this.said, this.reading),
      this.panels,
      this.table,
      this.chartGrid,
    );
  }

  /**
   * @param {Shown} shown
   * @returns {Request[]}
   */
  needs(shown) {
    const { run } = shown;
    if (!run) return [];
    /** @type {Request[]} */
    const needs = [["probes", run.run]];
    for (const method of methodsOf(run)) {
      const step = this.stepOf(method, shown);
      needs.push(["series", run.run, method]);
      if (step !== undefined) needs.push(["maps", run.run, method, step]);
    }
    return needs;
  }

  /** @param {Shown} shown */
  update(shown) {
    const { run, method, series, step, probe } = shown;
    const probes = run && this.app.library.probes(run.run);
    if (!probes || method === undefined || !series) return;
    this.picker.update(probes);
    this.pin.update();
    this.updateWords(factOf(probes, series, step, probe), series);
    this.updateNumbers(series, probes, shown);
    this.updatePanels(run, probes, shown);
    this.updateCharts(series, probes, shown);
  }

  /**
   * @param {Fact} fact
   * @param {Series} series
   */
  updateWords(fact, series) {
    setText(this.name, fact.name);
    const kind = (series.score_kind ?? "score").replaceAll("_", " ");
    const parts = [
      fact.labelWords === null ? null : `label ${fact.labelWords}`,
      fact.predicted === null ? null : saidOf(fact),
      fact.score === null ? null : `${kind}${fact.target === null ? "" : ` of ${fact.target}`} ${figure(fact.score)}`,
    ];
    setText(this.said, parts.filter((part) => part !== null).join(" · "));
    this.said.classList.toggle("wrong", fact.wrong === true);
  }

  /**
   * @param {Series} series
   * @param {Probes} probes
   * @param {Shown} shown
   */
  updateNumbers(series, probes, { method, step, probe }) {
    const numbers = Object.keys(series.per_probe).map((name) => {
      const value = series.of(name, step, probe);
      if (value !== undefined) return [name, figure(value)];
      const why = name === "drift" ? whyNoDrift(series, step, probe) : undefined;
      return [name, lacks(probes, name, probe) ? "not in this image" : (why ?? figure(value))];
    });
    this.told.draw([method, ...numbers.flat()], () => {
      this.table.replaceChildren(
        h("dt", { class: "of", text: method }),
        ...numbers.map(([name, value]) =>
          h("div", { title: this.app.about(name) }, h("dt", { text: numberWords(name) }), h("dd", { text: value })),
        ),
      );
    });
  }

  /**
   * @param {RunInfo} run
   * @param {Probes} probes
   * @param {Shown} shown
   */
  updatePanels(run, probes, shown) {
    const { app } = this;
    const { state, probe } = shown;
    const panels = methodsOf(run).map((method) => ({ method, panel: this.methods.of(method, method) }));
    setChildren(this.panels, [
      ...(run.has_pictures ? [this.image.element] : []),
      ...panels.map(({ panel }) => panel.element),
    ]);
    const colours = app.palette(state.view);
    this.image.cell.showProbe(probes, probe, { ...state, layer: "image" });
    for (const { method, panel } of panels) {
      const step = this.stepOf(method, shown);
      panel.cell.showProbe(probes, probe, state);
      setAttribute(panel.element, "data-current", method === shown.method ? "true" : null);
      if (!app.library.series(run.run, method)) continue;
      if (step === undefined) panel.cell.showNothing("no look at this epoch");
      else panel.show(lookAt(app, run.run, method, step, probe), probe, state, colours);
    }
    this.read(this.place);
  }

  /**
   * The step of a method that stands for the one that is shown; undefined where it has no look at the epoch.
   *
   * @param {string} method
   * @param {Shown} shown
   */
  stepOf(method, { run, step, epoch }) {
    const series = run && this.app.library.series(run.run, method);
    if (!series || step === undefined) return undefined;
    return series.at(step) !== undefined || step in series.problems ? step : series.stepOfEpoch(epoch);
  }

  /**
   * @param {Series} series
   * @param {Probes} probes
   * @param {Shown} shown
   */
  updateCharts(series, probes, { method, probe, epoch, unit }) {
    const enrichments = Object.keys(series.per_probe).filter(
      (name) => name.endsWith(ENRICHMENT) && !lacks(probes, name, probe),
    );
    const names = ["drift", ...enrichments, "score", "probability"];
    setChildren(
      this.chartGrid,
      names.map((name) => this.charts.of(name, name).element),
    );
    for (const name of names) {
      const rows = { score: series.scores, probability: series.probabilities }[name] ?? series.per_probe[name];
      const values = series.epochs.map((_, at) => rows?.[at]?.[probe] ?? null);
      this.charts.of(name, name).update({
        lines: [
          {
            name: `${method} ${probe}`,
            colour: "var(--accent)",
            epochs: series.epochs,
            values,
            why: (at) => (name === "drift" ? whyNoDrift(series, series.steps[at], probe) : undefined),
          },
        ],
        epoch,
        unit,
        least: name === "score" ? undefined : 0,
        most: name === "probability" ? 1 : undefined,
      });
    }
  }

  /** @param {number} epoch */
  go(epoch) {
    const step = this.app.shown.series?.stepOfEpoch(epoch);
    if (step !== undefined) this.app.set({ step });
  }

  /**
   * Reads every method's value at a place; null to stop.
   *
   * @param {Place} place
   */
  read(place) {
    this.place = place;
    const { state, run, probe, epoch = -1, unit } = this.app.shown;
    for (const panel of this.methods.all) panel.read(place, state.view, probe);
    this.image.point(place);
    const picture = run && this.app.library.probes(run.run)?.picture(probe);
    const words = place
      ? this.placeWords(place, picture)
      : `Point at a map to read its values, ${epochWords(epoch, unit)}.`;
    setText(this.reading, words);
  }

  /**
   * @param {NonNullable<Place>} place
   * @param {Picture | null | undefined} picture
   */
  placeWords(place, picture) {
    const maps = this.methods.all.map((panel) => panel.maps).find((found) => found !== null);
    const [column, row] = pixelAt(place, maps ?? picture ?? { width: 1, height: 1 });
    if (!picture) return `row ${row}, column ${column}`;
    const [x, y] = pixelAt(place, picture);
    const at = picture.first + 3 * (y * picture.width + x);
    return `row ${row}, column ${column}; image ${[...picture.data.slice(at, at + 3)].join(" ")}`;
  }
}

/**
 * Whether a number is the enrichment of a region that the probe is without.
 *
 * @param {Probes} probes
 * @param {string} number
 * @param {number} probe
 */
function lacks(probes, number, probe) {
  return number.endsWith(ENRICHMENT) && probes.lacks(number.slice(0, -ENRICHMENT.length), probe);
}

/**
 * @param {Series} series
 * @param {number | undefined} step
 * @param {number} probe
 */
function whyNoDrift(series, step, probe) {
  const reason = series.noDrift(step, probe);
  return reason && NO_DRIFT_WORDS[reason];
}
