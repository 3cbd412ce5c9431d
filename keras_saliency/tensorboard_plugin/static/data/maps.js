/** The maps of one method at one step, for all probes: small integers and a scale each. */

/**
 * @import { DecodedRecord } from "./records.js"
 *
 * @typedef {"magnitude" | "positive" | "negative" | "signed"} View
 *
 * @typedef {object} Steps one map in steps: `step(pixel)` gives an index below `entries`, and an index stands for
 *   `(index − zero) × unit` in units of the score per input unit
 * @property {number} entries
 * @property {number} zero
 * @property {number} unit
 * @property {(pixel: number) => number} step
 */

const QUANTILE = 0.995;

/**
 * The four ways to look at a map.
 *
 * @type {View[]}
 */
export const VIEWS = ["magnitude", "positive", "negative", "signed"];

let made = 0;

export class Maps {
  /** @param {DecodedRecord} record a record of maps */
  constructor({ header, arrays }) {
    this.id = ++made; // by which others remember these maps without keeping them
    this.header = header;
    this.planes = Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data]));
    const [count, height, width] = arrays.positive.shape;
    this.count = count;
    this.height = height;
    this.width = width;
    this.pixels = height * width;
    this.bytes = Object.values(this.planes).reduce((sum, plane) => sum + plane.byteLength, 0);
    this.divisors = { magnitude: this.divisorsOf("magnitude"), signed: this.divisorsOf("signed") };
  }

  /**
   * Whether every value of the map is a number.
   *
   * @param {number} probe
   */
  finite(probe) {
    return this.header.finite[probe];
  }

  /**
   * One map in steps.
   *
   * @param {View} view
   * @param {number} probe
   * @returns {Steps}
   */
  steps(view, probe) {
    const first = probe * this.pixels;
    const { positive, negative, magnitude, signed } = this.planes;
    const unit = this.header.scales.magnitude[probe] / 255;
    if (view === "signed" && signed) {
      return { entries: 256, zero: 128, unit: this.header.scales.signed[probe] / 127, step: (i) => signed[first + i] };
    }
    if (view === "signed") {
      return { entries: 511, zero: 255, unit, step: (i) => positive[first + i] - negative[first + i] + 255 };
    }
    const plane = { positive, negative, magnitude }[view];
    if (plane) return { entries: 256, zero: 0, unit, step: (i) => plane[first + i] };
    return { entries: 256, zero: 0, unit, step: (i) => Math.max(positive[first + i], negative[first + i]) };
  }

  /**
   * The value at a pixel, NaN where the map is not finite.
   *
   * @param {View} view
   * @param {number} probe
   * @param {number} pixel
   */
  value(view, probe, pixel) {
    if (!this.finite(probe)) return NaN;
    const { zero, unit, step } = this.steps(view, probe);
    return (step(pixel) - zero) * unit;
  }

  /**
   * What this map alone is divided by: the 99.5 % quantile of |map|, or its maximum where that is 0, as in
   * every picture of the package. Positive and negative share the divisor of the magnitude, so that they
   * can be compared.
   *
   * @param {View} view
   * @param {number} probe
   */
  ownDivisor(view, probe) {
    return this.divisors[view === "signed" ? "signed" : "magnitude"][probe];
  }

  /** @param {View} view */
  divisorsOf(view) {
    return Float64Array.from({ length: this.count }, (_, probe) => quantile(this.steps(view, probe), this.pixels));
  }
}

/**
 * The 99.5 % quantile of the absolute values, interpolated between neighbours as numpy does.
 *
 * @param {Steps} steps
 * @param {number} pixels
 */
function quantile({ entries, zero, unit, step }, pixels) {
  const counts = new Uint32Array(entries);
  for (let i = 0; i < pixels; i++) counts[Math.abs(step(i) - zero)]++;
  const at = QUANTILE * (pixels - 1);
  const below = Math.floor(at);
  const low = ranked(counts, below);
  const high = ranked(counts, Math.min(below + 1, pixels - 1));
  return (low + (at - below) * (high - low) || ranked(counts, pixels - 1)) * unit;
}

/**
 * @param {Uint32Array} counts
 * @param {number} rank
 */
function ranked(counts, rank) {
  let seen = 0;
  for (let level = 0; level < counts.length; level++) {
    seen += counts[level];
    if (seen > rank) return level;
  }
  return 0;
}

/** Maps that cannot be had, and why. */
export class Unreadable {
  /** @param {string} error a sentence */
  constructor(error) {
    this.error = error;
  }
}
