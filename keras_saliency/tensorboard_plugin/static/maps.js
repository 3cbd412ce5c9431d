/** The maps of one method at one step, for all probes: small integers and a scale each. */

const QUANTILE = 0.995;

/** The four ways to look at a map. */
export const VIEWS = ["magnitude", "positive", "negative", "signed"];

export class Maps {
  static made = 0;

  /** From a decoded record of maps. */
  constructor({ header, arrays }) {
    this.id = ++Maps.made; // by which others remember these maps without keeping them
    this.header = header;
    this.planes = Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, data]));
    [this.count, this.height, this.width] = arrays.positive.shape;
    this.pixels = this.height * this.width;
    this.bytes = Object.values(this.planes).reduce((sum, plane) => sum + plane.byteLength, 0);
    this.divisors = new Map();
  }

  /** Whether every value of the map is a number. */
  finite(probe) {
    return this.header.finite[probe];
  }

  /**
   * One map in steps: `step(pixel)` gives an index below `entries`; an index stands for
   * `(index − zero) × unit` in units of the score per input unit.
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

  /** The value at a pixel, NaN where the map is not finite. */
  value(view, probe, pixel) {
    if (!this.finite(probe)) return NaN;
    const { zero, unit, step } = this.steps(view, probe);
    return (step(pixel) - zero) * unit;
  }

  /**
   * What this map alone is divided by: the 99.5 % quantile of |map|, or its maximum where that is 0, as in
   * every picture of the package. Positive and negative share the divisor of the magnitude, so that they
   * can be compared.
   */
  ownDivisor(view, probe) {
    const ruled = view === "signed" ? "signed" : "magnitude";
    const key = `${ruled} ${probe}`;
    if (!this.divisors.has(key)) this.divisors.set(key, quantile(this.steps(ruled, probe), this.pixels));
    return this.divisors.get(key);
  }
}

/** The 99.5 % quantile of the absolute values, interpolated between neighbours as numpy does. */
function quantile({ entries, zero, unit, step }, pixels) {
  const counts = new Uint32Array(entries);
  for (let i = 0; i < pixels; i++) counts[Math.abs(step(i) - zero)]++;
  const at = QUANTILE * (pixels - 1);
  const below = Math.floor(at);
  const low = ranked(counts, below);
  const high = ranked(counts, Math.min(below + 1, pixels - 1));
  return (low + (at - below) * (high - low) || ranked(counts, pixels - 1)) * unit;
}

function ranked(counts, rank) {
  let seen = 0;
  for (let level = 0; level < counts.length; level++) {
    seen += counts[level];
    if (seen > rank) return level;
  }
  return 0;
}
