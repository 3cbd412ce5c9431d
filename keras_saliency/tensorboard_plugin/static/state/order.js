/** Which probes are shown, in which order, and what is known of each. */

/**
 * @import { Probes } from "../data/probes.js"
 * @import { NoDrift, Series } from "../data/series.js"
 * @import { State } from "./fields.js"
 *
 * @typedef {object} Fact what is known of a probe at a step: numbers, and words for classes; null where unknown
 * @property {number} probe
 * @property {string} name
 * @property {number | null} label
 * @property {string | null} labelWords
 * @property {string | null} predicted
 * @property {boolean | null} wrong
 * @property {number | null} probability
 * @property {number | null} score
 * @property {string | null} target whose score the map explains
 * @property {string | null} explains the same, where it is not the predicted class
 * @property {number | undefined} change the drift
 * @property {Record<string, number | undefined>} enrichments by region
 * @property {NoDrift | undefined} noDrift why there is none
 */

export const ENRICHMENT = "_enrichment";

/** @type {Record<string, (a: Fact, b: Fact) => number>} */
const ORDERS = {
  order: () => 0,
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  label: (a, b) => (a.label ?? Number.MAX_VALUE) - (b.label ?? Number.MAX_VALUE),
  wrong: (a, b) => Number(b.wrong === true) - Number(a.wrong === true),
  change: (a, b) => (b.change ?? -1) - (a.change ?? -1),
};

/**
 * The facts of all probes at a step.
 *
 * @param {Probes} probes
 * @param {Series} series
 * @param {number | undefined} step
 */
export function facts(probes, series, step) {
  return Array.from({ length: probes.count ?? series.count }, (_, probe) => factOf(probes, series, step, probe));
}

/**
 * The same for one probe.
 *
 * @param {Probes} probes
 * @param {Series} series
 * @param {number | undefined} step
 * @param {number} probe
 * @returns {Fact}
 */
export function factOf(probes, series, step, probe) {
  const predicted = series.in(series.predicted_classes, step)?.[probe];
  const target = series.in(series.target_classes, step)?.[probe];
  const label = probes.label(probe);
  return {
    probe,
    name: probes.name(probe),
    label,
    labelWords: probes.className(label),
    predicted: probes.className(predicted),
    wrong: probes.wrong(probe, predicted),
    probability: series.in(series.probabilities, step)?.[probe] ?? null,
    score: series.in(series.scores, step)?.[probe] ?? null,
    target: probes.className(target),
    explains: target !== predicted ? probes.className(target) : null,
    change: series.of("drift", step, probe),
    enrichments: Object.fromEntries(
      regionsOf(series).map((region) => [region, series.of(region + ENRICHMENT, step, probe)]),
    ),
    noDrift: series.noDrift(step, probe),
  };
}

/**
 * The regions whose enrichment is known.
 *
 * @param {Series} series
 */
export function regionsOf({ per_probe }) {
  return Object.keys(per_probe).flatMap((name) =>
    name.endsWith(ENRICHMENT) ? [name.slice(0, -ENRICHMENT.length)] : [],
  );
}

/**
 * The facts of the probes to show, in order, the pinned ones first.
 *
 * @param {Fact[]} all
 * @param {Pick<State, "find" | "show" | "sort" | "pinned">} state
 */
export function chosen(all, state) {
  const words = state.find.trim().toLowerCase();
  const kept = all.filter((fact) => {
    if (state.show === "wrong" && fact.wrong !== true) return false;
    if (state.show === "right" && fact.wrong !== false) return false;
    return !words || [fact.name, fact.labelWords, fact.predicted].some((text) => text?.toLowerCase().includes(words));
  });
  const sorted = kept.sort(orderOf(state.sort));
  const pinned = sorted.filter(({ probe }) => state.pinned.includes(probe));
  return pinned.length ? [...pinned, ...sorted.filter((fact) => !pinned.includes(fact))] : sorted;
}

/** @param {State["sort"]} sort */
function orderOf(sort) {
  if (!sort.startsWith("in ")) return ORDERS[sort];
  const region = sort.slice("in ".length);
  /** @type {(fact: Fact) => number} */
  const enrichment = ({ enrichments }) => (Object.hasOwn(enrichments, region) ? enrichments[region] : undefined) ?? -1;
  return (/** @type {Fact} */ a, /** @type {Fact} */ b) => enrichment(b) - enrichment(a);
}
