/** Sorting and filtering probes, and the size of their pictures. */

import { Choice, Select, named, sizeSlider } from "./controls.js";
import { h, setAttribute, setText } from "./dom.js";
import { ORDER_WORDS } from "./order.js";

export class Filters {
  constructor(app) {
    this.app = app;
    this.sort = new Select("Sort", ORDER_WORDS, (sort) => app.set({ sort }));
    this.show = new Choice("Which probes", { all: "All", wrong: "Wrong", right: "Right" }, (show) => app.set({ show }));
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

  /** `shown` of the probes with these facts are in the picture. */
  update(shown, all) {
    const { state } = this.app;
    this.sort.show(state.sort);
    this.show.show(state.show);
    setAttribute(this.show.element, "hidden", !this.app.run?.labels);
    if (document.activeElement !== this.find) this.find.value = state.find;
    this.size.value = state.size;
    setText(this.count, `${shown === all.length ? "" : `${shown} of `}${all.length} probes${explaining(all)}`);
  }
}

/** Whose score the maps explain. */
function explaining(all) {
  const targets = new Set(all.map(({ target }) => target));
  if (targets.has(null)) return "";
  if (targets.size === 1 && all.length > 1) return `, maps of the score of ${[...targets][0]}`;
  if (all.every(({ target, predicted }) => target === predicted)) return ", maps of the predicted class’s score";
  return all.every(({ target, labelWords }) => target === labelWords) ? ", maps of the label’s score" : "";
}
