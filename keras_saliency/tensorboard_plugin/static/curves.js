/** The numbers of every run over the epochs. */

import { Chart } from "./chart.js";
import { h, setChildren } from "./dom.js";
import { parsed } from "./state.js";
import { epochWords, numberWords, runWords } from "./words.js";

const MAIN = ["drift", "entropy"];
const OTHERS = ["drift_from_start", "top_overlap", "center_shift", "magnitude", "gini", "zero_fraction"];
const ACCURACY = "probe_accuracy";
const COLOURS = 8;
const FEWEST = 3;

export class Curves {
  constructor(app) {
    this.app = app;
    this.charts = new Map();
    this.legend = h("div", { class: "runs", role: "group", "aria-label": "Runs" });
    this.level = h("input", {
      type: "number",
      min: 0,
      max: 2,
      step: 0.01,
      "aria-label": "Level of drift",
      onchange: () => app.set({ level: Math.max(0, Number(this.level.value) || 0) }),
    });
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

  update() {
    const { app } = this;
    const { state } = app;
    const hidden = new Set(parsed(state.hidden));
    const known = app.runs.map((info, at) => ({
      info,
      colour: `var(--run-${at % COLOURS})`,
      method: app.method in info.methods ? app.method : undefined,
    }));
    const lines = known.flatMap(({ info, colour, method }) => {
      const series = method === undefined || hidden.has(info.run) ? undefined : app.series(info.run, method);
      return series ? [{ info, colour, series, name: runWords(info.run) }] : [];
    });
    this.updateLegend(known, hidden);
    if (document.activeElement !== this.level) this.level.value = state.level;
    this.more.checked = state.numbers === "all";
    this.updateStable(lines, state.level);
    const names = this.names(lines, state.numbers === "all");
    setChildren(
      this.grid,
      names.map((name) => this.chart(name).element),
    );
    for (const name of names) this.updateChart(name, lines, state);
  }

  updateLegend(known, hidden) {
    const key = JSON.stringify([known.map(({ info, method }) => [info.run, method, info.gone]), [...hidden]]);
    if (key === this.legendKey) return;
    this.legendKey = key;
    this.legend.replaceChildren(
      ...known.map(({ info, colour, method }) =>
        h(
          "button",
          {
            class: "chip run",
            "aria-pressed": String(!hidden.has(info.run)),
            disabled: method === undefined,
            title: method === undefined ? "This run does not have this method." : "Show or hide this run",
            onclick: () => this.toggle(info.run),
          },
          h("span", { class: "swatch", style: `background:${colour}` }),
          runWords(info.run),
        ),
      ),
    );
  }

  toggle(run) {
    const hidden = new Set(parsed(this.app.state.hidden));
    if (!hidden.delete(run)) hidden.add(run);
    this.app.set({ hidden: JSON.stringify([...hidden]) });
  }

  updateStable(lines, level) {
    const sentences = lines.map(({ name, colour, series }) => ({ name, colour, words: stability(series, level) }));
    const key = JSON.stringify(sentences);
    if (key === this.stableKey) return;
    this.stableKey = key;
    this.stable.replaceChildren(
      ...sentences.map(({ name, colour, words }) =>
        h("li", {}, h("span", { class: "swatch", style: `background:${colour}` }), h("b", { text: name }), ` ${words}`),
      ),
    );
  }

  names(lines, all) {
    const there = new Set(lines.flatMap(({ series }) => Object.keys(series.numbers)));
    const enrichments = [...there].filter((name) => name.endsWith("_enrichment")).sort();
    const accuracy = lines.some(({ series }) => series.probe_accuracy.some((value) => value !== null))
      ? [ACCURACY]
      : [];
    return [...MAIN, ...enrichments, ...accuracy, ...(all ? OTHERS : [])].filter(
      (name) => name === ACCURACY || there.has(name),
    );
  }

  chart(name) {
    if (!this.charts.has(name)) {
      this.charts.set(name, new Chart(numberWords(name), this.app.about(name), (epoch) => this.go(epoch)));
      this.charts.get(name).element.dataset.number = name;
    }
    return this.charts.get(name);
  }

  updateChart(name, lines, state) {
    this.chart(name).update({
      lines: lines.map(({ name: line, colour, series }) => ({
        name: line,
        colour,
        points: series.curve(name),
      })),
      level: name === "drift" ? state.level : name.endsWith("_enrichment") ? 1 : undefined,
      epoch: this.app.epoch,
      unit: this.app.unit,
      least: name === "entropy" ? undefined : 0,
      most: name === ACCURACY ? 1 : undefined,
    });
  }

  /** Goes to an epoch, where the shown run has a look at it. */
  go(epoch) {
    const { current } = this.app;
    const nearest = current?.epochs.reduce(
      (best, known) => (Math.abs(known - epoch) < Math.abs(best - epoch) ? known : best),
      current.epochs[0],
    );
    const step = current?.stepOfEpoch(nearest);
    if (step !== undefined) this.app.set({ step });
  }
}

/** Since when the drift has stayed under a level, in words. */
function stability(series, level) {
  const drift = series.curve("drift").filter(([, value]) => value !== null);
  const over = drift.findLastIndex(([, value]) => value >= level);
  const under = drift.length - 1 - over;
  if (!drift.length) return "has no drift yet.";
  if (under < FEWEST)
    return `has not stabilised: drift was ${drift.at(over)[1].toFixed(2)} at ${epochWords(drift.at(over)[0], series.unit)}.`;
  return `stabilised at ${epochWords(drift[over + 1][0], series.unit)}: drift stays under ${level} for ${under} looks, to the end.`;
}
