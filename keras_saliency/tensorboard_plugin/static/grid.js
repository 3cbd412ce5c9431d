/** Every probe at one epoch. */

import { Cell, lookAt } from "./cell.js";
import { palette } from "./colormaps.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { Filters } from "./filters.js";
import { chosen, facts } from "./order.js";
import { figure } from "./words.js";

const WORDS_EVERY = 60;

export class Grid {
  constructor(app) {
    this.app = app;
    this.filters = new Filters(app);
    this.cards = [];
    this.written = -Infinity;
    this.grid = h("div", { class: "grid" });
    this.nothing = h("p", { class: "quiet nothing", hidden: true, text: "No probe fits the filter." });
    this.problem = h("p", { class: "problem", role: "status" });
    this.element = h(
      "section",
      { class: "view grid-view" },
      this.filters.element,
      this.problem,
      this.grid,
      this.nothing,
    );
  }

  update() {
    const { app } = this;
    const [run, method, step, series] = [app.run.run, app.method, app.step, app.current];
    const probes = app.probes(run);
    if (!series || !probes) return;
    const all = facts(probes, series, step);
    const shown = chosen(all, app.state);
    const maps = app.maps(run, method, step);
    this.filters.update(shown.length, all);
    setText(this.problem, maps?.error ?? "");
    setAttribute(this.nothing, "hidden", shown.length > 0);
    this.grid.style.setProperty("--size", `${app.state.size}px`);
    const colours = palette(app.state.view, app.state.colours);
    setChildren(
      this.grid,
      shown.map((fact) => this.card(fact.probe).element),
    );
    const words = this.wordsAreDue(`${run} ${method} ${step}`);
    for (const fact of shown) {
      const card = this.card(fact.probe);
      card.draw(probes, lookAt(app, run, method, step, fact.probe), fact.probe, app.state, colours);
      if (words) card.write(fact);
    }
  }

  /** While the step changes fast the words follow less often: no one reads them, and they cost more than the maps. */
  wordsAreDue(shown) {
    const wait = this.written + WORDS_EVERY - performance.now();
    if (shown !== this.shown && wait > 0) {
      this.app.noted(undefined);
      setTimeout(() => this.app.changed(), wait);
      return false;
    }
    if (shown !== this.shown) this.written = performance.now();
    this.shown = shown;
    return true;
  }

  card(probe) {
    this.cards[probe] ??= new Card(() => this.app.set({ tab: "probe", probe }));
    return this.cards[probe];
  }
}

/** One probe: its picture, its name, what the model says of it, and how much its map changed. */
class Card {
  constructor(open) {
    this.cell = new Cell();
    this.name = h("span", { class: "name" });
    this.said = h("span", { class: "said" });
    this.label = h("span", { class: "quiet label" });
    this.change = h("span", {
      class: "change",
      title: "Drift: how much this map changed since the look before (0 not at all, 1 unrelated).",
    });
    this.changeBar = h("span", { class: "change-bar" }, h("span"));
    this.element = h(
      "button",
      { class: "card", onclick: open },
      this.cell.element,
      h(
        "span",
        { class: "words" },
        this.name,
        h("span", { class: "line" }, this.said),
        h("span", { class: "line" }, this.label, this.change),
        this.changeBar,
      ),
    );
  }

  draw(probes, look, probe, state, colours) {
    this.cell.showProbe(probes, probe, state);
    this.cell.showMap(look, probe, state, colours);
  }

  write(fact) {
    setText(this.name, fact.name);
    setAttribute(this.name, "title", fact.name);
    setText(this.label, fact.labelWords === null ? "" : `label ${fact.labelWords}`);
    setText(this.said, saidOf(fact));
    setAttribute(this.said, "title", titleOf(fact));
    this.element.classList.toggle("wrong", fact.wrong === true);
    setText(
      this.change,
      fact.score === null ? "" : fact.change === undefined ? "no drift yet" : `drift ${figure(fact.change)}`,
    );
    this.changeBar.firstChild.style.transform = `scaleX(${Math.min(1, fact.change ?? 0)})`;
    this.element.dataset.probe = fact.probe;
  }
}

/** The prediction and its probability. */
export function saidOf({ predicted, probability, wrong, score }) {
  if (predicted === null) return score === null ? "" : `score ${figure(score)}`;
  const sure = probability === null ? "" : ` ${probability.toFixed(2)}`;
  return `${wrong ? "✗ " : ""}says ${predicted}${sure}`;
}

function titleOf(fact) {
  if (fact.score === null) return null;
  const target = fact.explains === null ? "" : ` The map explains the score of ${fact.explains}.`;
  return `${fact.wrong ? "Wrong: " : ""}${saidOf({ ...fact, wrong: false })}; score ${figure(fact.score)}.${target}`;
}
