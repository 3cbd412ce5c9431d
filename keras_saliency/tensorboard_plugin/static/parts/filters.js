/** Sorting and filtering probes, and the size of their pictures. */

import { readField } from "../state/fields.js";
import { h, setAttribute, setText } from "./dom.js";
import { Choice, Select, named, sizeSlider } from "./inputs.js";
import { targetWords } from "./words.js";

/**
 * @import { App } from "../state/app.js"
 * @import { State } from "../state/fields.js"
 * @import { Fact } from "../state/order.js"
 */

/** @type {Record<string, string>} */
const ORDER_WORDS = {
  order: "as given",
  name: "name",
  label: "label",
  wrong: "wrong first",
  change: "most changed now",
};
/** @type {Record<State["show"], string>} */
const SHOW_WORDS = { all: "All", wrong: "Wrong", right: "Right" };

export class Filters {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.sort = new Select("Sort", ORDER_WORDS, (sort) => app.set({ sort: readField("sort", sort) }));
    this.show = new Choice("Which probes", SHOW_WORDS, (show) => app.set({ show }));
    /** @type {HTMLInputElement} */
    this.find = h("input", {
      type: "search",
      placeholder: "Name or class",
      "aria-label": "Filter by name or class",
      oninput: () => app.set({ find: this.find.value }),
    });
    this.size = sizeSlider(app);
    this.count = h("span", { class: "quiet", "aria-live": "polite" });
    this.element = h(
      "div",
      { class: "bar filters" },
      this.show.element,
      this.sort.element,
      this.find,
      named("Size", this.size),
      this.count,
    );
  }

  /**
   * @param {number} shown how many of the probes are in the picture
   * @param {Fact[]} all
   */
  update(shown, all) {
    const { state, run } = this.app.shown;
    const regions = all.length ? Object.keys(all[0].enrichments) : [];
    const orders = { ...ORDER_WORDS, ...Object.fromEntries(regions.map((name) => [`in ${name}`, `most in ${name}`])) };
    this.sort.offer(orders);
    this.sort.show(Object.hasOwn(orders, state.sort) ? state.sort : "order");
    this.show.show(state.show);
    setAttribute(this.show.element, "hidden", !run?.labels);
    if (document.activeElement !== this.find) this.find.value = state.find;
    this.size.value = String(state.size);
    setText(
      this.count,
      `${shown === all.length ? "" : `${shown} of `}${all.length} probes${explaining(run?.settings)}`,
    );
  }
}

/**
 * Whose score the maps explain: the name comes from the log, so that it stays whatever the model predicts.
 *
 * @param {Record<string, unknown>} [settings]
 */
function explaining(settings = {}) {
  const target = targetWords(settings);
  return target && `, maps of the score of ${target}`;
}
