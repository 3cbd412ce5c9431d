/** What a chart computes before it draws: bounds, ticks, and which points of very many there is room for. */

/** @import { Maybe } from "../data/source.js" */

const DENSE = 4;
const FACTORS = [1, 2, 2.5, 5];
const WHOLE = [1, 2, 5];

/**
 * The number of a list that is nearest to a wanted one; undefined for an empty list.
 *
 * @param {number} wanted
 * @param {readonly number[]} numbers
 * @returns {number | undefined}
 */
export function nearestTo(wanted, numbers) {
  return numbers.reduce(
    (best, number) => (Math.abs(number - wanted) < Math.abs(best - wanted) ? number : best),
    numbers[0],
  );
}

/**
 * @param {number[]} numbers
 * @param {number} bound
 */
export function smallest(numbers, bound) {
  return numbers.reduce((least, number) => Math.min(least, number), bound);
}

/**
 * @param {number[]} numbers
 * @param {number} bound
 */
export function largest(numbers, bound) {
  return numbers.reduce((most, number) => Math.max(most, number), bound);
}

/**
 * Round numbers from `low` or below to `high` or above.
 *
 * @param {number} low
 * @param {number} high
 */
export function niceTicks(low, high) {
  if (!(Number.isFinite(low) && Number.isFinite(high))) return [0, 1];
  const step = niceStep((high - low) / 4 || Math.abs(high) || 1);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: Math.max(2, last - first + 1) }, (_, at) => (first + at) * step);
}

/**
 * Where an axis of whole numbers has ticks: at its start, and where what people read there is round.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} most how many there is room for
 * @param {number} first what people read where the axis says 0: epochs are shown counted from 1
 */
export function wholeTicks(from, to, most, first) {
  const every = Math.max(1, Math.ceil(niceStep((to - from) / Math.max(2, most), WHOLE)));
  const ticks = [from];
  const apart = ((to - from) / Math.max(2, most)) * 0.6;
  for (let shown = every * Math.ceil((from + first) / every); shown <= to + first; shown += every)
    if (shown - first - ticks[ticks.length - 1] > apart) ticks.push(shown - first);
  return ticks;
}

/**
 * @param {number} rough the least that it may be
 * @param {number[]} factors of a power of ten that are round
 */
function niceStep(rough, factors = FACTORS) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (factors.find((factor) => factor * power >= rough) ?? 10) * power;
}

/**
 * The positions of the values to draw: all, or where there are many to a pixel the least and the largest of each pixel.
 *
 * @param {Maybe[]} values
 * @param {(at: number) => number} x of a position, in pixels
 * @param {number} width in pixels
 */
export function drawnOf(values, x, width) {
  if (values.length <= DENSE * width) return [...values.keys()];
  /** @type {Map<number, [least: number, most: number]>} */
  const pixels = new Map();
  for (const [at, value] of values.entries()) {
    const pixel = Math.round(x(at));
    const [least, most] = pixels.get(pixel) ?? [at, at];
    const known = values[least];
    if (known === null) pixels.set(pixel, [at, at]);
    else if (value !== null)
      pixels.set(pixel, [value < known ? at : least, value > /** @type {number} */ (values[most]) ? at : most]);
  }
  return [...pixels.values()].flatMap(([least, most]) =>
    least === most ? [least] : [least, most].sort((a, b) => a - b),
  );
}

/** @param {number} value */
export function short(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(0).replace("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
