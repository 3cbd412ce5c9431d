/** Runs or methods under each other, on the same probes, at the same epoch. */

import { methodsOf } from "./app.js";
import { Cell, lookAt } from "./cell.js";
import { palette } from "./colormaps.js";
import { Select } from "./controls.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { Filters } from "./filters.js";
import { saidOf } from "./grid.js";
import { chosen, facts } from "./order.js";
import { figure, runWords } from "./words.js";

const HEAD = 152;
const GAP = 10;
const MARGINS = 48;

export class Compare {
  constructor(app) {
    this.app = app;
    this.filters = new Filters(app);
    this.add = new Select("Add", {}, (pair) => this.change((columns) => [...columns, JSON.parse(pair)]));
    this.reset = h("button", {
      class: "chip",
      text: "Start over",
      title: "Compare what is proposed: this method in all runs with the same probes",
      onclick: () => app.set({ columns: "[]" }),
    });
    this.parts = h("div", { class: "parts" });
    this.bands = h("div", { class: "bands" });
    this.nothing = h("p", { class: "quiet nothing", hidden: true, text: "No probe fits the filter." });
    this.kept = { parts: new Map(), bands: new Map(), heads: new Map(), names: new Map(), cells: new Map() };
    this.element = h(
      "section",
      { class: "view compare-view" },
      h("div", { class: "bar" }, this.parts, this.add.element, this.reset),
      this.filters.element,
      this.bands,
      this.nothing,
    );
  }

  update() {
    const { app } = this;
    const base = app.info(app.columns[0][0]);
    const sources = app.columns.map(([run, method]) => this.source(run, method, base));
    this.updateParts(sources);
    const probes = base && app.probes(base.run);
    const leading = sources.find(({ series }) => series);
    if (!probes || !leading) return;
    for (const source of sources)
      source.facts = source.series && source.step !== undefined ? facts(probes, source.series, source.step) : null;
    const all = leading.facts ?? facts(probes, leading.series, leading.step);
    const shown = chosen(all, app.state);
    this.filters.update(shown.length, all);
    setAttribute(this.nothing, "hidden", shown.length > 0);
    this.updateBands(
      shown,
      sources.filter(({ apart }) => !apart),
      probes,
    );
  }

  /** What is compared: its looks and its step at the shown epoch, or why it stands apart. */
  source(run, method, base) {
    const { app } = this;
    const info = app.info(run);
    const key = `${run}\u0000${method}`;
    if (!info) return { key, run, method, apart: "this run is not in the log directory" };
    if (!(method in info.methods)) return { key, run, method, apart: "this run does not have this method" };
    if (!app.alike(info, base)) {
      return {
        key,
        run,
        method,
        apart: `other probes (${mark(info)}, the first has ${mark(base)}): only runs that were asked the same question line up`,
      };
    }
    const series = app.series(run, method);
    const own = series?.problems[app.step] && run === app.run.run ? app.step : undefined;
    return { key, run, method, series, step: series && (own ?? series.stepOfEpoch(app.epoch)) };
  }

  updateParts(sources) {
    setChildren(
      this.parts,
      sources.map((source) => this.part(source)),
    );
    const taken = new Set(sources.map(({ key }) => key));
    const pairs = this.app.runs
      .flatMap((info) => methodsOf(info).map((method) => [info.run, method]))
      .filter((pair) => !taken.has(pair.join("\u0000")));
    this.add.offer({
      "": "a run or method …",
      ...Object.fromEntries(pairs.map((pair) => [JSON.stringify(pair), `${runWords(pair[0])} · ${pair[1]}`])),
    });
    this.add.show("");
    setAttribute(this.add.element, "hidden", pairs.length === 0);
    setAttribute(this.reset, "hidden", this.app.chosenColumns.length === 0);
  }

  part({ key, run, method, apart }) {
    const { element, remove, why } = made(this.kept.parts, key, () => {
      const remove = h("button", {
        class: "remove",
        text: "×",
        "aria-label": `Take out ${runWords(run)}, ${method}`,
        title: "Take this out",
        onclick: () => this.change((columns) => columns.filter((pair) => pair.join("\u0000") !== key)),
      });
      const why = h("span", { class: "quiet" });
      return {
        remove,
        why,
        element: h(
          "span",
          { class: "part" },
          h("b", { text: runWords(run) }),
          h("span", { text: method }),
          why,
          remove,
        ),
      };
    });
    setAttribute(remove, "hidden", this.app.columns.length < 2);
    element.classList.toggle("apart", Boolean(apart));
    setText(why, apart ?? "");
    return element;
  }

  /** As many probes side by side as fit, then the next band; in a band a row per source. */
  updateBands(shown, sources, probes) {
    const { size } = this.app.state;
    const width = (this.bands.clientWidth || 1000) - MARGINS - HEAD;
    const most = Math.max(1, Math.floor(width / (size * 0.8 + GAP)));
    const across = Math.ceil(shown.length / Math.ceil(shown.length / most)) || 1;
    const colours = palette(this.app.state.view, this.app.state.colours);
    const bands = [];
    for (let first = 0; first < shown.length; first += across) bands.push(shown.slice(first, first + across));
    setChildren(
      this.bands,
      bands.map((band, at) => this.band(at, band, across, sources, probes, colours)),
    );
  }

  band(at, band, across, sources, probes, colours) {
    const element = made(this.kept.bands, at, () => h("div", { class: "band" }));
    element.style.gridTemplateColumns = `${HEAD}px repeat(${across}, minmax(0, ${Math.round(this.app.state.size * 1.3)}px))`;
    const names = band.map((fact) => this.name(fact));
    const rows = sources.map((source) => [
      this.head(at, source),
      ...band.map((fact) => this.cell(source, fact.probe, probes, colours)),
    ]);
    setChildren(element, [this.head(at, null), ...names, ...rows.flat()]);
    return element;
  }

  /** What a row shows; the first of a band stands over nothing. */
  head(at, source) {
    const { element, numbers } = made(this.kept.heads, `${at}\u0000${source?.key ?? ""}`, () => {
      const numbers = h("span", { class: "quiet" });
      const words = source ? [h("b", { text: runWords(source.run) }), h("span", { text: source.method }), numbers] : [];
      return { numbers, element: h("div", { class: "compare-head" }, ...words) };
    });
    if (source) setText(numbers, numbersOf(source));
    return element;
  }

  name({ probe, name, labelWords }) {
    const { element, title, label } = made(this.kept.names, probe, () => {
      const [title, label] = [h("b", { class: "name" }), h("span", { class: "quiet" })];
      return {
        title,
        label,
        element: h(
          "button",
          { class: "compare-probe", title: "Open this probe", onclick: () => this.app.set({ tab: "probe", probe }) },
          title,
          label,
        ),
      };
    });
    setText(title, name);
    setText(label, labelWords === null ? "" : `label ${labelWords}`);
    return element;
  }

  cell(source, probe, probes, colours) {
    const { app } = this;
    const { cell, said, change, element } = made(this.kept.cells, `${source.key}\u0000${probe}`, () => {
      const [cell, said, change] = [
        new Cell(),
        h("span", { class: "said" }),
        h("span", { class: "quiet", title: "Drift" }),
      ];
      return {
        cell,
        said,
        change,
        element: h(
          "div",
          { class: "compare-cell", "data-run": source.run, "data-method": source.method, "data-probe": probe },
          cell.element,
          h("span", { class: "line" }, said, change),
        ),
      };
    });
    const fact = source.facts?.[probe] ?? null;
    element.classList.toggle("wrong", fact?.wrong === true);
    cell.showProbe(probes, probe, app.state);
    setText(said, fact ? saidOf(fact) : "");
    setText(change, fact?.change === undefined ? "" : figure(fact.change));
    if (source.series && source.step === undefined) cell.showNothing("no look at this epoch");
    else if (source.series)
      cell.showMap(lookAt(app, source.run, source.method, source.step, probe), probe, app.state, colours);
    return element;
  }

  /** Other columns; the first is the run and method that the scrubber follows. */
  change(edit) {
    const columns = edit(this.app.columns);
    const [run, method] = columns[0];
    this.app.set({ columns: JSON.stringify(columns), run, method });
  }
}

function made(kept, key, make) {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key);
}

function numbersOf({ series, step }) {
  if (!series) return "loading";
  const at = series.at(step);
  if (at === undefined) return "no look at this epoch";
  const accuracy = series.probe_accuracy[at];
  const enrichments = Object.entries(series.numbers)
    .filter(([name]) => name.endsWith("_enrichment"))
    .map(([name, values]) => `${name.replace("_enrichment", "")} ×${figure(values[at])}`);
  return [
    accuracy === null || accuracy === undefined ? null : `accuracy ${figure(accuracy)}`,
    `drift ${figure(series.numbers.drift?.[at])}`,
    ...enrichments,
  ]
    .filter(Boolean)
    .join(", ");
}

function mark({ fingerprint }) {
  return fingerprint ? `${fingerprint.slice(0, 8)}…` : "unknown";
}
