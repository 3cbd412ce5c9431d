/** Maps as pixels: one table per map, one look-up per pixel. */

import { MARK, packed } from "./colormaps.js";

// As in `keras_saliency/render/overlay.py`: the map is the more opaque the larger it is, over a dimmed grey image.
const OPACITY = 0.95;
const RISE = 0.75;
const DIMMED = 0.62;

/**
 * Fills a canvas with a map: `palette` as from colormaps.js, `divisor` in the map's units. With `through`
 * the image under it shows where the map is small.
 */
export function drawMap(canvas, maps, probe, view, palette, divisor, through) {
  const pixels = new Pixels(canvas, maps.width, maps.height);
  if (maps.finite(probe))
    fill(pixels.values, maps, probe, view, tableOf(maps.steps(view, probe), palette, divisor, through));
  else pixels.values.fill(MARK);
  pixels.put();
}

/** Fills a canvas with half the difference of two maps, each divided by its divisor, on a diverging palette. */
export function drawChange(canvas, now, before, probe, palette, divisors) {
  const pixels = new Pixels(canvas, now.width, now.height);
  if (now.finite(probe) && before.finite(probe) && now.pixels === before.pixels) {
    const [a, b] = [now.steps("signed", probe), before.steps("signed", probe)];
    const [levels, earlier] = [levelsOf(a, divisors[0]), levelsOf(b, divisors[1])];
    const colours = pixelsOf(palette, false);
    for (let i = 0; i < pixels.values.length; i++) {
      pixels.values[i] = colours[Math.round(((levels[a.step(i)] - earlier[b.step(i)]) / 2) * 255) + palette.zero];
    }
  } else pixels.values.fill(MARK);
  pixels.put();
}

/** Fills a canvas with the picture of a probe: as it is, or grey and dimmed to lie under a map. */
export function drawPicture(canvas, picture, dimmed) {
  const pixels = new Pixels(canvas, picture.width, picture.height);
  for (let i = 0, at = picture.first; i < pixels.values.length; i++, at += 3) {
    const colour = [picture.data[at], picture.data[at + 1], picture.data[at + 2]];
    pixels.values[i] = packed(dimmed ? greyed(colour) : colour);
  }
  pixels.put();
}

function greyed([red, green, blue]) {
  const grey = Math.round((0.299 * red + 0.587 * green + 0.114 * blue) * DIMMED);
  return [grey, grey, grey];
}

/** What the loop over the pixels does for each kind of plane; the hot path, so without calls. */
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

/** The pixel of every step: that of its row of the palette. */
function tableOf({ entries, zero, unit }, palette, divisor, through) {
  const pixels = pixelsOf(palette, through);
  const span = palette.rows.length - 1 - palette.zero;
  const factor = divisor > 0 ? (unit * span) / divisor : 0;
  const table = new Uint32Array(entries);
  for (let step = 0; step < entries; step++) {
    const row = Math.round((step - zero) * factor);
    table[step] = pixels[palette.zero + Math.max(-palette.zero, Math.min(span, row))];
  }
  return table;
}

const kept = new WeakMap();

/** The rows of a palette as pixels; `through` makes them the more opaque the farther they are from zero. */
function pixelsOf(palette, through) {
  const both = kept.get(palette) ?? {};
  kept.set(palette, both);
  const span = palette.rows.length - 1 - palette.zero;
  const alpha = (row) => Math.round(255 * OPACITY * (Math.abs(row - palette.zero) / span) ** RISE);
  both[through] ??= Uint32Array.from(palette.rows, (colour, row) => packed(colour, through ? alpha(row) : 255));
  return both[through];
}

/** For every step its value ÷ divisor, clipped to ±1; a map that is all zero has divisor 0. */
function levelsOf({ entries, zero, unit }, divisor) {
  return Float64Array.from({ length: entries }, (_, step) =>
    divisor > 0 ? Math.max(-1, Math.min(1, ((step - zero) * unit) / divisor)) : 0,
  );
}

/** The pixels of a canvas, kept from one drawing to the next. */
class Pixels {
  static kept = new WeakMap();

  constructor(canvas, width, height) {
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      Pixels.kept.delete(canvas);
    }
    let image = Pixels.kept.get(canvas);
    this.context = canvas.getContext("2d");
    if (!image) {
      image = this.context.createImageData(width, height);
      Pixels.kept.set(canvas, image);
    }
    this.image = image;
    this.values = new Uint32Array(image.data.buffer);
  }

  put() {
    this.context.putImageData(this.image, 0, 0);
  }
}
