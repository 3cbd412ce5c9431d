/** One large picture with a heading and the value under the pointer. */

import { Maps } from "../data/maps.js";
import { Cell } from "../parts/cell.js";
import { h, setText } from "../parts/dom.js";
import { exact } from "../parts/words.js";

/**
 * @import { Palette } from "../data/colormaps.js"
 * @import { View } from "../data/maps.js"
 * @import { Look } from "../parts/cell.js"
 * @import { State } from "../state/fields.js"
 *
 * @typedef {readonly [x: number, y: number] | null} Place shares of width and height
 */

export class Panel {
  /**
   * @param {string} name
   * @param {(place: Place) => void} read called with where the pointer is
   * @param {() => void} [choose] called for a click on the heading
   */
  constructor(name, read, choose) {
    this.cell = new Cell();
    this.value = h("output", { class: "value" });
    this.spot = h("span", { class: "spot", hidden: true });
    /** @type {Maps | null} */
    this.maps = null;
    this.cell.element.append(this.spot);
    this.title = choose
      ? h("button", { class: "title", text: name, title: "Show this method everywhere", onclick: choose })
      : h("span", { class: "title", text: name });
    this.element = h("div", { class: "panel" }, h("div", { class: "line" }, this.title, this.value), this.cell.element);
    this.element.dataset.method = name;
    this.cell.element.addEventListener("pointermove", (event) => {
      const box = this.cell.element.getBoundingClientRect();
      read([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
    });
    this.cell.element.addEventListener("pointerleave", () => read(null));
  }

  /**
   * @param {Look} look
   * @param {number} probe
   * @param {State} state
   * @param {Palette} colours
   */
  show(look, probe, state, colours) {
    if (look.maps) this.maps = look.maps instanceof Maps ? look.maps : null;
    this.cell.showMap(look, probe, state, colours);
  }

  /**
   * Says the value at a place.
   *
   * @param {Place} place
   * @param {View} view
   * @param {number} probe
   */
  read(place, view, probe) {
    this.point(place);
    const { maps } = this;
    if (!place || !maps) return setText(this.value, "");
    const [column, row] = pixelAt(place, maps);
    return setText(this.value, exact(maps.value(view, probe, row * maps.width + column)));
  }

  /**
   * Marks the pixel at a place.
   *
   * @param {Place} place
   */
  point(place) {
    this.spot.hidden = !place;
    if (!place) return;
    const size = this.maps ?? this.cell.picture;
    const [column, row] = pixelAt(place, size);
    Object.assign(this.spot.style, {
      left: `${(100 * column) / size.width}%`,
      top: `${(100 * row) / size.height}%`,
      width: `${100 / size.width}%`,
      height: `${100 / size.height}%`,
    });
  }
}

/**
 * The column and the row at a place.
 *
 * @param {NonNullable<Place>} place
 * @param {{ width: number, height: number }} size
 * @returns {[number, number]}
 */
export function pixelAt([x, y], { width, height }) {
  return [pixelOf(x, width), pixelOf(y, height)];
}

/**
 * @param {number} share
 * @param {number} size
 */
function pixelOf(share, size) {
  return Math.max(0, Math.min(size - 1, Math.floor(share * size)));
}
