/** What things are called. */

import { failing } from "../state/verdicts.js";

/**
 * @import { View } from "../data/maps.js"
 * @import { NoDrift } from "../data/series.js"
 * @import { Report } from "../data/source.js"
 * @import { State } from "../state/fields.js"
 * @import { Fact } from "../state/order.js"
 *
 * @typedef {"epoch" | "step"} Unit
 */

const MOST_DAYS = 100;

/**
 * When a look was taken, with epochs counted from 1 as Keras prints them; some runs count in steps.
 *
 * @param {number} epoch
 * @param {Unit} [unit]
 */
export function epochWords(epoch, unit) {
  if (unit === "step") return `step ${epoch}`;
  return epoch === -1 ? "before training" : `epoch ${epoch + 1}`;
}

/**
 * A short form for narrow places.
 *
 * @param {number} epoch
 * @param {Unit} [unit]
 */
export function epochShort(epoch, unit) {
  if (unit === "step") return String(epoch);
  return epoch === -1 ? "start" : String(epoch + 1);
}

/**
 * A run's name without the folder that every saliency log has.
 *
 * @param {string} run
 */
export function runWords(run) {
  return run.replace(/[/\\]saliency$/, "") || run;
}

/**
 * A number to two or three significant digits.
 *
 * @param {number | null | undefined} value
 */
export function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e5)) return value.toExponential(1).replaceAll("-", "−").replace("e+", "e");
  if (size !== 0 && size < 0.1) return value.toPrecision(2).replace("-", "−");
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2).replace("-", "−");
}

/**
 * A signed value with its exponent, for reading off a map.
 *
 * @param {number} value
 */
export function exact(value) {
  if (Number.isNaN(value)) return "not a number";
  return value === 0 ? "0" : value.toExponential(2).replaceAll("-", "−").replace("e+", "e");
}

/**
 * A number's name as people say it.
 *
 * @param {string} name
 */
export function numberWords(name) {
  return name.replaceAll("_", " ");
}

/**
 * The prediction and its probability, in parts for `Short`.
 *
 * @param {Fact} fact
 */
export function saidParts({ predicted, probability, score }) {
  if (predicted === null) return { verb: "", words: score === null ? "" : `score ${figure(score)}`, after: "" };
  const after = probability === null ? "" : ` ${probability.toFixed(2)}`;
  return { verb: "says ", words: predicted, after };
}

/**
 * The same as one text.
 *
 * @param {Fact} fact
 */
export function saidOf(fact) {
  const { verb, words, after } = saidParts(fact);
  return (fact.wrong ? "✗ " : "") + verb + words + after;
}

/**
 * The regions whose enrichment is known and that, in words; the one by which the probes are sorted stands first.
 *
 * @param {Fact} fact
 * @param {State["sort"]} sort
 * @returns {[region: string, words: string][]}
 */
export function enrichmentWords({ enrichments }, sort) {
  const known = Object.entries(enrichments).filter(([, value]) => value !== undefined);
  const ordered = known.sort(([one], [other]) => Number(sort === `in ${other}`) - Number(sort === `in ${one}`));
  return ordered.map(([region, value]) => [region, ` ×${figure(value)}`]);
}

/**
 * Why there is no drift.
 *
 * @type {Record<NoDrift, string>}
 */
export const NO_DRIFT_WORDS = {
  first: "no drift yet",
  zero: "map is all zero",
  "zero before": "no drift: all zero before",
  "not finite": "map is not finite",
  constant: "no drift: constant map",
};

/**
 * How much a map changed, or why that is not known; empty where there is no look.
 *
 * @param {Fact} fact
 */
export function changeWords({ change, noDrift }) {
  return change === undefined ? (noDrift ? NO_DRIFT_WORDS[noDrift] : "") : `drift ${figure(change)}`;
}

/**
 * A time, such as "30 Nov 2026, 14:31".
 *
 * @param {number} seconds since 1970
 */
export function timeWords(seconds) {
  return new Date(1000 * seconds).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/**
 * How long ago something was; empty where that is very long, or the clocks disagree by more than a minute.
 *
 * @param {number} seconds
 */
export function agoWords(seconds) {
  if (seconds < -60 || seconds >= MOST_DAYS * 86400) return "";
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "a day ago" : `${days} days ago`;
}

/**
 * Whose score the maps explain, as the log says it; empty where it does not.
 *
 * @param {Record<string, unknown>} settings
 */
export function targetWords({ target }) {
  if (typeof target !== "string" || !target) return "";
  return { "Label()": "the label", "Predicted()": "the predicted class" }[target] ?? target;
}

/**
 * When a report was made.
 *
 * @param {Report} report
 * @param {Unit} unit what the run counts in
 */
export function reportWords({ step, epoch }, unit) {
  return epoch === null || unit === "step" ? epochWords(step, "step") : epochWords(epoch);
}

/**
 * What checks came to.
 *
 * @param {Report} report
 */
export function verdictWords(report) {
  const [failed, count] = [failing(report), report.results.length];
  if (!count) return "the checks cannot be read";
  return failed ? `${failed} of ${count} checks ${failed === 1 ? "fails" : "fail"}` : `none of ${count} checks fails`;
}

/**
 * The four views, and what they show.
 *
 * @type {Record<View, [string, string]>}
 */
export const VIEW_WORDS = {
  magnitude: ["Magnitude", "The largest absolute value over the channels: where the score is sensitive, either way."],
  positive: ["Positive", "Where more raises the score."],
  negative: ["Negative", "Where more lowers the score."],
  signed: ["Signed", "The sum over the channels: what raises the score, and what lowers it."],
};
