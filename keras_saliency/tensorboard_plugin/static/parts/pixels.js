/** Maps as pixels: one table per map, one look-up per pixel. */

import { packed } from "../data/colormaps.js";

/**
 * @import { Palette } from "../data/colormaps.js"
 * @import { Maps, Steps, View } from "../data/maps.js"
 * @import { Picture } from "../data/probes.js"
 * @import { Colour } from "../data/source.js"
 */

// As in `keras_saliency/render/overlay.py`: the image under a map is grey and dimmed.
const DIMMED = 0.62;

/** A canvas and its pixels, which are kept from one drawing to the next. */
export class Pixels {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {ImageData | null} */
    this.image = null;
  }

  /**
   * Draws a map. With `through` the image under it shows where the map is small.
   *
   * @param {Maps} maps
   * @param {number} probe
   * @param {View} view
   * @param {Palette} palette
   * @param {number} divisor in the map's units
   * @param {boolean} through
   */
  map(maps, probe, view, palette, divisor, through) {
    this.draw(maps, (values) => {
      if (!maps.finite(probe)) values.fill(palette.mark);
      else fill(values, maps, probe, view, tableOf(maps.steps(view, probe), palette, divisor, through));
    });
  }

  /**
   * Draws half the difference of two signed maps, each divided by its own divisor, on a diverging palette.
   *
   * @param {Maps} now
   * @param {Maps} before
   * @param {number} probe
   * @param {Palette} palette
   * @param {[number, number]} divisors
   */
  change(now, before, probe, palette, divisors) {
    this.draw(now, (values) => {
      if (!now.finite(probe) || !before.finite(probe) || now.pixels !== before.pixels) {
        values.fill(palette.mark);
        return;
      }
      const [a, b] = [now.steps("signed", probe), before.steps("signed", probe)];
      const [levels, earlier] = [levelsOf(a, divisors[0]), levelsOf(b, divisors[1])];
      for (let i = 0; i < values.length; i++)
        values[i] = palette.opaque[Math.round(((levels[a.step(i)] - earlier[b.step(i)]) / 2) * 255) + palette.zero];
    });
  }

  /**
   * Draws the picture of a probe: as it is, or grey and dimmed to lie under a map.
   *
   * @param {Picture} picture
   * @param {boolean} dimmed
   */
  picture(picture, dimmed) {
    this.draw(picture, (values) => {
      for (let i = 0, at = picture.first; i < values.length; i++, at += 3) {
        /** @type {Colour} */
        const colour = [picture.data[at], picture.data[at + 1], picture.data[at + 2]];
        values[i] = packed(dimmed ? greyed(colour) : colour);
      }
    });
  }

  /**
   * @param {{ width: number, height: number }} size
   * @param {(values: Uint32Array) => void} act fills the pixels
   */
  draw({ width, height }, act) {
    const { canvas } = this;
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      this.image = null;
    }
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.image ??= context.createImageData(width, height);
    act(new Uint32Array(this.image.data.buffer));
    context.putImageData(this.image, 0, 0);
  }
}

/**
 * @param {Colour} colour
 * @returns {Colour}
 */
function greyed([red, green, blue]) {
  const grey = Math.round((0.299 * red + 0.587 * green + 0.114 * blue) * DIMMED);
  return [grey, grey, grey];
}

/**
 * What the loop over the pixels does for each kind of plane; the hot path, so without calls.
 *
 * @param {Uint32Array} values
 * @param {Maps} maps
 * @param {number} probe
 * @param {View} view
 * @param {Uint32Array} table
 */
function fill(values, maps, probe, view, table) {
  const first = probe * maps.pixels;
  const { positive, negative, magnitude, signed } = maps.planes;
  const plane = { positive, negative, magnitude, signed }[view];
  const count = maps.pixels;
  if (plane) for (let i = 0; i < count; i++) values[i] = table[plane[first + i]];
  else if (view === "signed")
    for (let i = 0; i < count; i++) values[i] = table[positive[first + i] - negative[first + i] + 255];
  else {
    for (let i = 0; i < count; i++) {
      const [up, down] = [positive[first + i], negative[first + i]];
      values[i] = table[up > down ? up : down];
    }
  }
}

/**
 * The pixel of every step: that of its row of the palette.
 *
 * @param {Steps} steps
 * @param {Palette} palette
 * @param {number} divisor
 * @param {boolean} through
 */
function tableOf({ entries, zero, unit }, palette, divisor, through) {
  const pixels = through ? palette.through : palette.opaque;
  const span = pixels.length - 1 - palette.zero;
  const factor = divisor > 0 ? (unit * span) / divisor : 0;
  const table = new Uint32Array(entries);
  for (let step = 0; step < entries; step++) {
    const row = Math.round((step - zero) * factor);
    table[step] = pixels[palette.zero + Math.max(-palette.zero, Math.min(span, row))];
  }
  return table;
}

/**
 * For every step its value ÷ divisor, clipped to ±1; a map that is all zero has divisor 0.
 *
 * @param {Steps} steps
 * @param {number} divisor
 */
function levelsOf({ entries, zero, unit }, divisor) {
  return Float64Array.from({ length: entries }, (_, step) =>
    divisor > 0 ? Math.max(-1, Math.min(1, ((step - zero) * unit) / divisor)) : 0,
  );
}
