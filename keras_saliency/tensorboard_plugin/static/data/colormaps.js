/** Numbers to colours, by the colour maps of `keras_saliency/render/colormaps.json`, which Python draws with too. */

/**
 * @import { View } from "./maps.js"
 * @import { Anchors, Colour } from "./source.js"
 *
 * @typedef {object} Palette
 * @property {string} name
 * @property {Colour[]} rows 256 from 0 to 1 for an unsigned view; 511 from −1 to 1 for the signed one
 * @property {number} zero the row of 0
 * @property {Uint32Array} opaque a pixel for each row
 * @property {Uint32Array} through the same, the more opaque the farther from zero, to lie over an image
 * @property {number} mark the pixel of what is no number, in neither scale
 */

// As in `keras_saliency/render/overlay.py`: the map is the more opaque the larger it is.
const OPACITY = 0.95;
const RISE = 0.75;

const ON_BLACK = "on black";

export class Colormaps {
  /** @param {Anchors} anchors */
  constructor({ sequential, diverging, not_finite }) {
    const mark = packed(not_finite);
    this.sequential = Object.entries(sequential).map(([name, colours]) =>
      paletteOf(name, interpolated(colours), 0, mark),
    );
    this.diverging = Object.entries(diverging).map(([name, { positive, negative }]) => {
      const [up, down] = [interpolated(positive), interpolated(negative)];
      return paletteOf(name, [...down.slice(1).reverse(), ...up], down.length - 1, mark);
    });
  }

  /**
   * The names of the colour maps for a view.
   *
   * @param {View} view
   */
  names(view) {
    return this.of(view).map(({ name }) => name);
  }

  /**
   * The colour map of this name, or, where it does not fit the view, the view's first: zero is white on a light page,
   * black on a dark one.
   *
   * @param {View} view
   * @param {string} name
   * @param {boolean} dark
   */
  palette(view, name, dark) {
    const fitting = this.of(view);
    /** @type {(wanted: string) => Palette | undefined} */
    const named = (wanted) => fitting.find((palette) => palette.name === wanted);
    return named(name) ?? (dark ? named(ON_BLACK) : undefined) ?? fitting[0];
  }

  /** @param {View} view */
  of(view) {
    return view === "signed" ? this.diverging : this.sequential;
  }
}

/**
 * One pixel as ImageData holds it in a Uint32Array, on a little-endian machine.
 *
 * @param {Colour} colour
 */
export function packed([red, green, blue], alpha = 255) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * @param {string} name
 * @param {Colour[]} rows
 * @param {number} zero
 * @param {number} mark
 * @returns {Palette}
 */
function paletteOf(name, rows, zero, mark) {
  const span = rows.length - 1 - zero;
  /** @type {(row: number) => number} */
  const alpha = (row) => Math.round(255 * OPACITY * (Math.abs(row - zero) / span) ** RISE);
  return {
    name,
    rows,
    zero,
    mark,
    opaque: Uint32Array.from(rows, (colour) => packed(colour)),
    through: Uint32Array.from(rows, (colour, row) => packed(colour, alpha(row))),
  };
}

/**
 * @param {Colour[]} anchors
 * @returns {Colour[]} 256
 */
function interpolated(anchors, entries = 256) {
  return Array.from({ length: entries }, (_, i) => {
    const at = (i * (anchors.length - 1)) / (entries - 1);
    const left = Math.min(Math.floor(at), anchors.length - 2);
    /** @type {(channel: number) => number} */
    const between = (channel) => {
      const [from, to] = [anchors[left][channel], anchors[left + 1][channel]];
      return Math.round(from + (at - left) * (to - from));
    };
    return [between(0), between(1), between(2)];
  });
}
