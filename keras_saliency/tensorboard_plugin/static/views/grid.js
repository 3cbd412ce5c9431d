/** Every probe at one epoch. */

import { Unreadable } from "../data/maps.js";
import { Cell, lookAt } from "../parts/cell.js";
import { h, setAttribute, setChildren, setText } from "../parts/dom.js";
import { Filters } from "../parts/filters.js";
import { Pin } from "../parts/pin.js";
import { Pool } from "../parts/reuse.js";
import { Short } from "../parts/short.js";
import { changeWords, enrichmentWords, figure, saidOf, saidParts } from "../parts/words.js";
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
const MOST_REGIONS = 3;
const DRIFT = "Drift: how much this map changed since the look before (0 not at all, 1 unrelated).";

export class Grid {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.filters = new Filters(app);
    this.cards = new Pool((/** @type {number} */ probe) => new Card(app, probe));
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
  /**
   * @param {App} app
   * @param {number} probe
   */
  constructor(app, probe) {
    this.app = app;
    this.cell = new Cell();
    this.pin = new Pin(app, () => probe);
    this.name = new Short("name");
    this.said = new Short("said");
    this.label = new Short("quiet label");
    this.change = new Short("change");
    this.regions = h("span", { class: "regions quiet" });
    this.lines = new Pool(() => new Short("region"));
    this.changed = h("span");
    this.element = h(
      "div",
      { class: "card", "data-probe": probe },
      h(
        "button",
        { class: "open", onclick: () => app.set({ tab: "probe", probe }) },
        this.cell.element,
        h(
          "span",
          { class: "words" },
          this.name.element,
          h("span", { class: "line" }, this.said.element),
          h("span", { class: "line" }, this.label.element, this.change.element),
          this.regions,
          h("span", { class: "change-bar" }, this.changed),
        ),
      ),
      this.pin.element,
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
    this.pin.update();
  }

  /** @param {Fact} fact */
  write(fact) {
    const { words, ...around } = saidParts(fact);
    this.name.write(fact.name);
    this.said.write(words, { ...around, title: titleOf(fact) });
    this.label.write(fact.labelWords ?? "", { verb: fact.labelWords === null ? "" : "label " });
    this.element.classList.toggle("wrong", fact.wrong === true);
    const known = fact.change !== undefined;
    const drift = known ? { verb: "drift ", after: figure(fact.change) } : {};
    this.change.write(known ? "" : changeWords(fact), { ...drift, title: DRIFT });
    const regions = enrichmentWords(fact, this.app.state.sort).slice(0, MOST_REGIONS);
    for (const [at, [region, after]] of regions.entries())
      this.lines.of(at).write(region, { after, title: this.app.about(`${region}_enrichment`) });
    setChildren(
      this.regions,
      regions.map((_, at) => this.lines.of(at).element),
    );
    this.changed.style.transform = `scaleX(${Math.min(1, fact.change ?? 0)})`;
  }
}

/** @param {Fact} fact */
function titleOf(fact) {
  if (fact.score === null) return null;
  const target = fact.explains === null ? "" : ` The map explains the score of ${fact.explains}.`;
  return `${fact.wrong ? "Wrong: " : ""}${saidOf({ ...fact, wrong: false })}; score ${figure(fact.score)}.${target}`;
}
