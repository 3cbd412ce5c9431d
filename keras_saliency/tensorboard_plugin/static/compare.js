/** Runs or methods side by side, on the same probes, at the same epoch. */

import { Cell, lookAt } from "./cell.js";
import { palette } from "./colormaps.js";
import { Select } from "./controls.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { Filters } from "./filters.js";
import { saidOf } from "./grid.js";
import { chosen, facts } from "./order.js";
import { epochWords, figure, runWords } from "./words.js";

export class Compare {
  constructor(app) {
    this.app = app;
    this.filters = new Filters(app);
    this.rows = new Map();
    this.columns = new Map();
    this.add = new Select("Add a column", {}, (pair) => this.change((columns) => [...columns, JSON.parse(pair)]));
    this.head = h("div", { class: "compare-row compare-head" });
    this.body = h("div", { class: "compare-body" });
    this.table = h("div", { class: "compare" }, this.head, this.body);
    this.element = h("section", { class: "view compare-view" }, h("div", { class: "bar" }, this.add.element, this.filters.element), this.table);
  }

  update() {
    const { app } = this;
    const base = app.info(app.columns[0][0]);
    const probes = base && app.probes(base.run);
    const columns = app.columns.map(([run, method]) => this.column(run, method, base));
    this.offer(app.columns);
    this.table.style.setProperty("--columns", columns.length);
    this.table.style.setProperty("--size", `${app.state.size}px`);
    setChildren(this.head, [this.corner(), ...columns.map((column) => this.heading(column))]);
    const leading = columns.find((column) => column.series && !column.apart);
    if (!probes || !leading) return;
    const all = facts(probes, leading.series, leading.step);
    const shown = chosen(all, app.state);
    this.filters.update(shown.length, all.length);
    const colours = this.palette(app.state);
    setChildren(this.body, shown.map((fact) => this.row(fact, columns, probes, colours)));
  }

  /** One column: its looks and its step at the shown epoch, or why it stands apart. */
  column(run, method, base) {
    const { app } = this;
    const info = app.info(run);
    if (!info) return { run, method, apart: "This run is not in the log directory." };
    if (!(method in info.methods)) return { run, method, apart: "This run does not have this method." };
    if (!app.alike(info, base)) {
      return { run, method, apart: `Other probes: fingerprint ${mark(info)} here, ${mark(base)} in the first column. Only runs that were asked the same question line up.` };
    }
    const series = app.series(run, method);
    const epoch = app.epoch;
    const step = series && (series.problems[app.step] && run === app.run.run ? app.step : series.stepOfEpoch(epoch));
    return { run, method, series, step, epoch };
  }

  corner() {
    this.cornerCell ??= h("div", { class: "compare-probe" });
    setText(this.cornerCell, this.app.epoch === undefined ? "" : epochWords(this.app.epoch));
    return this.cornerCell;
  }

  heading({ run, method, series, step, apart }) {
    const key = `${run}\u0000${method}`;
    if (!this.columns.has(key)) {
      const numbers = h("span", { class: "quiet" });
      const remove = h("button", { class: "icon", text: "×", title: "Take this column out", "aria-label": `Take out ${runWords(run)}, ${method}`,
        onclick: () => this.change((columns) => columns.filter((pair) => pair.join("\u0000") !== key)) });
      this.columns.set(key, { numbers, remove, element: h("div", { class: "compare-title" }, h("div", { class: "line" }, h("b", { text: runWords(run) }), remove), h("span", { class: "method", text: method }), numbers) });
    }
    const { numbers, remove, element } = this.columns.get(key);
    setAttribute(remove, "hidden", this.app.columns.length < 2);
    const at = series?.at(step);
    setText(numbers, apart ? "" : at === undefined ? (series ? "no look at this epoch" : "loading") : numbersOf(series, at));
    return element;
  }

  row(fact, columns, probes, colours) {
    if (!this.rows.has(fact.probe)) {
      const [name, label] = [h("b", { class: "name" }), h("span", { class: "quiet" })];
      const head = h("button", { class: "compare-probe", title: "Open this probe", onclick: () => this.app.set({ tab: "probe", probe: fact.probe }) }, name, label);
      this.rows.set(fact.probe, { name, label, head, cells: new Map(), element: h("div", { class: "compare-row" }) });
    }
    const row = this.rows.get(fact.probe);
    setText(row.name, fact.name);
    setText(row.label, fact.labelWords === null ? "" : `label ${fact.labelWords}`);
    setChildren(row.element, [row.head, ...columns.map((column) => this.cell(row, column, fact.probe, probes, colours))]);
    return row.element;
  }

  cell(row, column, probe, probes, colours) {
    const { app } = this;
    const key = `${column.run}\u0000${column.method}`;
    if (!row.cells.has(key)) {
      const [cell, said, change] = [new Cell(), h("span", { class: "said" }), h("span", { class: "quiet change", title: "Drift" })];
      row.cells.set(key, { cell, said, change, element: h("div", { class: "compare-cell", "data-run": column.run, "data-method": column.method }, cell.element, h("span", { class: "line" }, said, change)) });
    }
    const { cell, said, change, element } = row.cells.get(key);
    const fact = column.series && column.step !== undefined ? facts(probes, column.series, column.step)[probe] : null;
    element.classList.toggle("wrong", fact?.wrong === true);
    element.classList.toggle("apart", Boolean(column.apart));
    cell.showProbe(probes, probe, column.apart ? { ...app.state, layer: "image" } : app.state);
    cell.picture.hidden ||= Boolean(column.apart);
    setText(said, fact ? saidOf(fact) : "");
    setText(change, fact?.change === undefined ? "" : figure(fact.change));
    if (column.apart) cell.showNothing(column.apart);
    else if (column.series && column.step === undefined) cell.showNothing("no look at this epoch");
    else if (column.series) cell.showMap(lookAt(app, column.run, column.method, column.step, probe), probe, app.state, colours);
    return element;
  }

  offer(columns) {
    const taken = new Set(columns.map((pair) => pair.join("\u0000")));
    const pairs = this.app.runs.flatMap((info) => Object.keys(info.methods).map((method) => [info.run, method])).filter((pair) => !taken.has(pair.join("\u0000")));
    this.add.offer({ "": "choose …", ...Object.fromEntries(pairs.map((pair) => [JSON.stringify(pair), `${runWords(pair[0])} · ${pair[1]}`])) });
    this.add.show("");
  }

  change(edit) {
    this.app.set({ columns: JSON.stringify(edit(this.app.columns)) });
  }

  palette({ view, colours }) {
    const key = `${view} ${colours}`;
    if (key !== this.paletteKey) [this.paletteKey, this.paletteKept] = [key, palette(view, colours)];
    return this.paletteKept;
  }
}

function numbersOf(series, at) {
  const accuracy = series.probe_accuracy[at];
  const enrichments = Object.entries(series.numbers).filter(([name]) => name.endsWith("_enrichment")).map(([name, values]) => `${name.replace("_enrichment", "")} ×${figure(values[at])}`);
  return [accuracy === null || accuracy === undefined ? null : `accuracy ${figure(accuracy)}`, `drift ${figure(series.numbers.drift?.[at])}`, ...enrichments].filter(Boolean).join(" · ");
}

function mark({ fingerprint }) {
  return fingerprint ? `${fingerprint.slice(0, 8)}…` : "unknown";
}
