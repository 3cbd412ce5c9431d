/** Every probe at one epoch. */

import { Unreadable } from "../data/maps.js";
import { Cell, lookAt } from "../parts/cell.js";
import { h, setAttribute, setChildren, setText } from "../parts/dom.js";
import { Filters } from "../parts/filters.js";
import { Pool } from "../parts/reuse.js";
import { changeWords, figure, saidOf } from "../parts/words.js";
import { chosen, facts } from "../state/order.js";
import { Overview } from "./overview.js";

/**
 * @import { Palette } from "../data/colormaps.js"
 * @import { Request } from "../data/library.js"
 * @import { Probes } from "../data/probes.js"
 * @import { Look } from "../parts/cell.js"
 * @import { App } from "../state/app.js"
 * @import { State } from "../state/fields.js"
 * @import { Fact } from "../state/order.js"
 * @import { Shown } from "../state/selectors.js"
 */

const WORDS_EVERY = 60;

export class Grid {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.filters = new Filters(app);
    this.cards = new Pool((/** @type {number} */ probe) => new Card(() => app.set({ tab: "probe", probe })));
    this.written = -Infinity;
    this.shown = "";
    this.settled = true;
    this.overview = new Overview(app);
    this.grid = h("div", { class: "grid" });
    this.nothing = h("p", { class: "quiet nothing", hidden: true, text: "No probe fits the filter." });
    this.problem = h("p", { class: "problem", role: "status" });
    this.element = h(
      "section",
      { class: "view grid-view" },
      this.overview.element,
      this.filters.element,
      this.problem,
      this.grid,
      this.nothing,
    );
  }

  /**
   * @param {Shown} shown
   * @returns {Request[]}
   */
  needs({ run, method, step }) {
    if (!run || method === undefined || step === undefined) return [];
    return [
      ["probes", run.run],
      ["maps", run.run, method, step],
    ];
  }

  /** @param {Shown} now */
  update(now) {
    const { state, run, method, series, step } = now;
    const { app } = this;
    const probes = run && app.library.probes(run.run);
    if (!probes || method === undefined || !series) return;
    const all = facts(probes, series, step);
    const shown = chosen(all, state);
    const maps = step === undefined ? undefined : app.library.maps(run.run, method, step);
    this.filters.update(shown.length, all);
    setText(this.problem, maps instanceof Unreadable ? maps.error : "");
    setAttribute(this.nothing, "hidden", shown.length > 0);
    this.grid.style.setProperty("--size", `${state.size}px`);
    const colours = app.palette(state.view);
    const cards = shown.map(({ probe }) => this.cards.of(probe, probe));
    setChildren(
      this.grid,
      cards.map(({ element }) => element),
    );
    const words = this.wordsAreDue(`${run.run} ${method} ${step}`);
    if (words) this.overview.update(now, probes, series);
    for (const [at, fact] of shown.entries()) {
      cards[at].draw(probes, lookAt(app, run.run, method, step, fact.probe), fact.probe, state, colours);
      if (words) cards[at].write(fact);
    }
  }

  /**
   * While the step changes fast the words follow less often: no one reads them, and they cost more than the maps.
   *
   * @param {string} shown
   */
  wordsAreDue(shown) {
    const wait = this.written + WORDS_EVERY - performance.now();
    this.settled = shown === this.shown || wait <= 0;
    if (!this.settled) setTimeout(() => this.app.changed(), wait);
    else if (shown !== this.shown) this.written = performance.now();
    if (this.settled) this.shown = shown;
    return this.settled;
  }
}

/** One probe: its picture, its name, what the model says of it, and how much its map changed. */
class Card {
  /** @param {() => void} open */
  constructor(open) {
    this.cell = new Cell();
    this.name = h("span", { class: "name" });
    this.said = h("span", { class: "said" });
    this.label = h("span", { class: "quiet label" });
    this.change = h("span", {
      class: "change",
      title: "Drift: how much this map changed since the look before (0 not at all, 1 unrelated).",
    });
    this.changed = h("span");
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
        h("span", { class: "change-bar" }, this.changed),
      ),
    );
  }

  /**
   * @param {Probes} probes
   * @param {Look} look
   * @param {number} probe
   * @param {State} state
   * @param {Palette} colours
   */
  draw(probes, look, probe, state, colours) {
    this.cell.showProbe(probes, probe, state);
    this.cell.showMap(look, probe, state, colours);
  }

  /** @param {Fact} fact */
  write(fact) {
    setText(this.name, fact.name);
    setAttribute(this.name, "title", fact.name);
    setText(this.label, fact.labelWords === null ? "" : `label ${fact.labelWords}`);
    setText(this.said, saidOf(fact));
    setAttribute(this.said, "title", titleOf(fact));
    this.element.classList.toggle("wrong", fact.wrong === true);
    setText(this.change, changeWords(fact));
    this.changed.style.transform = `scaleX(${Math.min(1, fact.change ?? 0)})`;
    this.element.dataset.probe = String(fact.probe);
  }
}

/** @param {Fact} fact */
function titleOf(fact) {
  if (fact.score === null) return null;
  const target = fact.explains === null ? "" : ` The map explains the score of ${fact.explains}.`;
  return `${fact.wrong ? "Wrong: " : ""}${saidOf({ ...fact, wrong: false })}; score ${figure(fact.score)}.${target}`;
}
