/** One probe, large: the image, its map by every method, and the value under the pointer. */

import { methodsOf } from "./app.js";
import { Cell, lookAt } from "./cell.js";
import { Chart } from "./chart.js";
import { palette } from "./colormaps.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { saidOf } from "./grid.js";
import { factOf } from "./order.js";
import { ProbePicker } from "./probe_picker.js";
import { epochWords, exact, figure, numberWords } from "./words.js";

export class ProbeView {
  constructor(app) {
    this.app = app;
    this.picker = new ProbePicker(app);
    this.name = h("h2", { class: "name" });
    this.said = h("p", { class: "said" });
    this.reading = h("p", { class: "reading quiet", "aria-live": "off", text: "Point at a map to read its values." });
    this.image = new Panel("Image", this);
    this.image.layer = "image";
    this.methods = new Map();
    this.panels = h("div", { class: "panels" });
    this.table = h("dl", { class: "numbers" });
    this.charts = new Map();
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
      ),
      h("div", { class: "headline" }, this.name, this.said, this.reading),
      this.panels,
      this.table,
      this.chartGrid,
    );
  }

  update() {
    const { app } = this;
    const [run, series] = [app.run, app.current];
    const probes = app.probes(run.run);
    if (!series || !probes) return;
    this.picker.update(probes);
    this.probes = probes;
    const fact = factOf(probes, series, app.step, app.probe);
    this.updateWords(fact, series);
    this.updatePanels(run, series, probes);
    this.updateCharts(series);
  }

  updateWords(fact, series) {
    setText(this.name, fact.name);
    const parts = [
      fact.labelWords === null ? null : `label ${fact.labelWords}`,
      fact.predicted === null ? null : saidOf(fact),
      fact.score === null
        ? null
        : `${(series.score_kind ?? "score").replaceAll("_", " ")}${fact.target === null ? "" : ` of ${fact.target}`} ${figure(fact.score)}`,
    ];
    setText(this.said, parts.filter(Boolean).join(" · "));
    this.said.classList.toggle("wrong", fact.wrong === true);
    const numbers = Object.keys(series.per_probe).map((name) => [
      name,
      figure(series.of(name, this.app.step, this.app.probe)),
    ]);
    const key = JSON.stringify([this.app.method, numbers]);
    if (key === this.numbersKey) return;
    this.numbersKey = key;
    this.table.replaceChildren(
      h("dt", { class: "of", text: this.app.method }),
      ...numbers.flatMap(([name, value]) => [
        h("div", { title: this.app.about(name) }, h("dt", { text: numberWords(name) }), h("dd", { text: value })),
      ]),
    );
  }

  updatePanels(run, series, probes) {
    const { app } = this;
    const panels = methodsOf(run).map((method) => this.panel(method));
    setChildren(this.panels, [
      ...(run.has_pictures ? [this.image.element] : []),
      ...panels.map((panel) => panel.element),
    ]);
    const { state } = app;
    const colours = palette(state.view, state.colours);
    const epoch = app.epoch;
    this.image.cell.showProbe(probes, app.probe, { ...state, layer: "image" });
    for (const panel of panels) {
      const other = app.series(run.run, panel.method);
      const step =
        other?.at(app.step) === undefined && !other?.problems[app.step] ? other?.stepOfEpoch(epoch) : app.step;
      panel.cell.showProbe(probes, app.probe, state);
      setAttribute(panel.element, "data-current", panel.method === app.method ? "true" : null);
      if (!other) continue;
      if (step === undefined) panel.cell.showNothing("no look at this epoch");
      else panel.show(lookAt(app, run.run, panel.method, step, app.probe), state, colours);
    }
    this.readAgain();
  }

  updateCharts(series) {
    const names = [
      "drift",
      ...Object.keys(series.per_probe).filter((name) => name.endsWith("_enrichment")),
      "score",
      "probability",
    ];
    setChildren(
      this.chartGrid,
      names.map((name) => this.chart(name).element),
    );
    for (const name of names) {
      const values = { score: series.scores, probability: series.probabilities }[name] ?? series.per_probe[name] ?? [];
      this.chart(name).update({
        lines: [
          {
            name: `${this.app.method} ${this.app.probe}`,
            colour: "var(--accent)",
            points: series.epochs.map((epoch, at) => [epoch, values[at]?.[this.app.probe] ?? null]),
          },
        ],
        epoch: this.app.epoch,
        unit: this.app.unit,
        least: name === "score" ? undefined : 0,
        most: name === "probability" ? 1 : undefined,
      });
    }
  }

  chart(name) {
    if (!this.charts.has(name)) {
      const words = name === "score" ? "explained score" : numberWords(name);
      this.charts.set(
        name,
        new Chart(words, this.app.about(name), (epoch) => {
          const step = this.app.current?.stepOfEpoch(epoch);
          if (step !== undefined) this.app.set({ step });
        }),
      );
    }
    return this.charts.get(name);
  }

  panel(method) {
    if (!this.methods.has(method)) this.methods.set(method, new Panel(method, this, () => this.app.set({ method })));
    return this.methods.get(method);
  }

  /** Reads every method's value at a place, given as shares of width and height; null to stop. */
  read(place) {
    this.place = place;
    this.readAgain();
  }

  readAgain() {
    const { view } = this.app.state;
    for (const panel of this.methods.values()) panel.read(this.place, view, this.app.probe);
    this.image.point(this.place);
    const picture = this.probes?.picture(this.app.probe);
    setText(
      this.reading,
      this.place ? this.placeWords(picture) : `Point at a map to read its values, ${epochWords(this.app.epoch ?? -1, this.app.unit)}.`,
    );
  }

  placeWords(picture) {
    const maps = [...this.methods.values()].map((panel) => panel.maps).find(Boolean);
    const { width, height } = maps ?? picture ?? { width: 1, height: 1 };
    const [x, y] = [pixelOf(this.place[0], width), pixelOf(this.place[1], height)];
    if (!picture) return `row ${y}, column ${x}`;
    const at =
      picture.first +
      3 * (pixelOf(this.place[1], picture.height) * picture.width + pixelOf(this.place[0], picture.width));
    return `row ${y}, column ${x}; image ${[0, 1, 2].map((channel) => picture.data[at + channel]).join(" ")}`;
  }
}

/** One large picture with a heading and the value under the pointer. */
class Panel {
  constructor(method, view, choose) {
    this.method = method;
    this.cell = new Cell();
    this.value = h("output", { class: "value" });
    this.spot = h("span", { class: "spot" });
    this.cell.element.append(this.spot);
    this.spot.hidden = true;
    this.title = choose
      ? h("button", { class: "title", text: method, title: "Show this method everywhere", onclick: choose })
      : h("span", { class: "title", text: method });
    this.element = h("div", { class: "panel" }, h("div", { class: "line" }, this.title, this.value), this.cell.element);
    this.element.dataset.method = method;
    this.cell.element.addEventListener("pointermove", (event) => {
      const box = this.cell.element.getBoundingClientRect();
      view.read([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
    });
    this.cell.element.addEventListener("pointerleave", () => view.read(null));
  }

  show(look, state, colours) {
    if (look.maps) this.maps = look.maps.error ? null : look.maps;
    this.cell.showMap(look, state.probe, state, colours);
  }

  read(place, view, probe) {
    this.point(place);
    if (!place || !this.maps) return setText(this.value, "");
    const { width, height } = this.maps;
    const pixel = pixelOf(place[1], height) * width + pixelOf(place[0], width);
    return setText(this.value, exact(this.maps.value(view, probe, pixel)));
  }

  point(place) {
    this.spot.hidden = !place;
    if (!place) return;
    const { width, height } = this.maps ?? this.cell.picture;
    Object.assign(this.spot.style, {
      left: `${(100 * pixelOf(place[0], width)) / width}%`,
      top: `${(100 * pixelOf(place[1], height)) / height}%`,
      width: `${100 / width}%`,
      height: `${100 / height}%`,
    });
  }
}

function pixelOf(share, size) {
  return Math.max(0, Math.min(size - 1, Math.floor(share * size)));
}
