/** The colours, and what they stand for. */

import { h, setAttribute, setText } from "./dom.js";
import { Once } from "./reuse.js";

/**
 * @import { Palette } from "../data/colormaps.js"
 * @import { View } from "../data/maps.js"
 * @import { State } from "../state/fields.js"
 */

export class Legend {
  constructor() {
    this.bar = h("canvas", { class: "legend-bar", height: 1 });
    this.low = h("span", { class: "quiet" });
    this.high = h("span", { class: "quiet" });
    this.element = h("div", { class: "legend" }, this.low, this.bar, this.high);
    this.drawn = new Once();
  }

  /**
   * @param {View} view
   * @param {Palette} palette
   * @param {State["scale"]} scale
   * @param {boolean} changes whether changes are shown, and not maps
   */
  update(view, palette, scale, changes) {
    this.drawn.draw([palette], () => this.draw(palette));
    setText(this.low, changes ? "less than then" : view === "signed" ? "lowers" : "0");
    setText(this.high, changes ? "more" : view === "signed" ? "raises" : scale === "time" ? "most ever" : "most");
    setAttribute(
      this.element,
      "title",
      scale === "time"
        ? "Each probe's maps are divided by the largest value that they have at any epoch."
        : "Each map is divided by its own 99.5 % quantile of |map| (by its maximum where that is 0). Positive and negative share the magnitude's.",
    );
  }

  /** @param {Palette} palette */
  draw({ rows }) {
    this.bar.width = rows.length;
    const context = /** @type {CanvasRenderingContext2D} */ (this.bar.getContext("2d"));
    rows.forEach(([red, green, blue], at) => {
      context.fillStyle = `rgb(${red} ${green} ${blue})`;
      context.fillRect(at, 0, 1, 1);
    });
  }
}
