/** What the state picks from the data. Nothing here changes or fetches anything. */

/**
 * @import { RunInfo } from "../data/source.js"
 * @import { Library, Request } from "../data/library.js"
 * @import { Series } from "../data/series.js"
 * @import { Column, State } from "./fields.js"
 *
 * @typedef {object} Shown
 * @property {Readonly<State>} state
 * @property {RunInfo | undefined} run the chosen one, where it is there; where none is chosen, the newest of the first
 *   log directory with maps
 * @property {string | undefined} method the chosen one, where the run has it; where none is chosen, the run's first
 * @property {Series | undefined} series the looks that are shown
 * @property {number | undefined} step
 * @property {number | undefined} epoch
 * @property {"epoch" | "step"} unit what the run counts in
 * @property {number} probe the one that is shown in the views of one probe
 * @property {number} count how many probes the run has
 *
 * @typedef {Pick<Library, "runs" | "info" | "series" | "has">} Data
 */

const MOST_COLUMNS = 4;
const MOST_NEARBY = 400;

/**
 * @param {Readonly<State>} state
 * @param {Data} data
 * @returns {Shown}
 */
export function shownBy(state, data) {
  const run = state.run ? data.info(state.run) : newestOf(data.runs);
  const methods = methodsOf(run);
  const method = methods.find((name) => name === state.method || !state.method);
  const series = run && method !== undefined ? data.series(run.run, method) : undefined;
  const step = series?.nearest(state.step);
  const count = run?.count ?? series?.count ?? 0;
  return {
    state,
    run,
    method,
    series,
    step,
    epoch: series?.epochOf(step),
    unit: series?.unit ?? "epoch",
    probe: Math.max(0, Math.min(state.probe, count - 1)),
    count,
  };
}

/**
 * The newest run with maps in the log directory of the first one: `saliency_2` where there is `saliency` too.
 *
 * @param {RunInfo[]} runs
 */
function newestOf(runs) {
  const withMaps = runs.filter((info) => methodsOf(info).length > 0);
  const [first = runs[0]] = withMaps;
  return withMaps.reduce((best, info) => (isLater(info.run, best.run) ? info : best), first);
}

/**
 * Whether a run is a later one of the same log directory.
 *
 * @param {string} run
 * @param {string} other
 */
function isLater(run, other) {
  const [[home, number, part], [otherHome, otherNumber, otherPart]] = [placeOf(run), placeOf(other)];
  return home === otherHome && (number > otherNumber || (number === otherNumber && part > otherPart));
}

/**
 * The log directory, the number of the run in it, and of the training in that run.
 *
 * @param {string} run
 * @returns {[string, number, number]}
 */
function placeOf(run) {
  const found = /^(.*?)saliency(?:_(\d+))?(?:#(\d+))?$/.exec(run);
  return found ? [found[1], Number(found[2] ?? 1), Number(found[3] ?? 1)] : [`${run}/`, 1, 1];
}

/**
 * The methods of a run, in the order in which the callback was given them.
 *
 * @param {RunInfo | undefined} run
 */
export function methodsOf(run) {
  return Object.keys(run?.methods ?? {});
}

/**
 * The columns of the comparison: chosen, or proposed.
 *
 * @param {Shown} shown
 * @param {Data} data
 * @returns {readonly Column[]}
 */
export function columnsOf({ state, run, method }, data) {
  if (state.columns.length) return state.columns;
  if (!run || method === undefined) return [];
  const others = data.runs.filter((info) => info !== run && alike(info, run) && methodsOf(info).includes(method));
  /** @type {Column[]} */
  const columns = others.length
    ? [run, ...others].map((info) => [info.run, method])
    : [method, ...methodsOf(run).filter((other) => other !== method)].map((other) => [run.run, other]);
  return columns.slice(0, MOST_COLUMNS);
}

/**
 * Whether two runs were asked the same question: the same probes with the same labels.
 *
 * @param {RunInfo} one
 * @param {RunInfo} other
 */
export function alike(one, other) {
  return one === other || (one.fingerprint !== null && one.fingerprint === other.fingerprint);
}

/**
 * What every view needs. While the looks are on their way it is guessed which maps will be shown, so that all is asked
 * for at once.
 *
 * @param {Shown} shown
 * @returns {Request[]}
 */
export function commonNeeds({ state, run, method, series }) {
  if (!run) return [];
  /** @type {Request[]} */
  const needs = [["checks", run.run]];
  if (method === undefined) return needs;
  const { steps } = run.methods[method];
  const step = steps.find((known) => known === state.step) ?? steps.at(-1);
  needs.push(["series", run.run, method]);
  if (!series && step !== undefined) needs.push(["probes", run.run], ["maps", run.run, method, step]);
  return needs;
}

/**
 * The maps around the step that is shown, the nearest first.
 *
 * @param {Shown} shown
 * @param {readonly Column[]} columns whose maps are shown
 * @param {Data} data
 */
export function mapsNearby({ series, step }, columns, data) {
  /** @type {Request[]} */
  const nearby = [];
  if (!series || step === undefined) return nearby;
  const sources = columns.map(([run, method]) => ({ run, method, looks: data.series(run, method) }));
  const here = series.timeline.indexOf(step);
  for (let distance = 1; distance < series.timeline.length && nearby.length <= MOST_NEARBY; distance++) {
    for (const at of [here + distance, here - distance]) {
      const other = series.timeline[at];
      for (const { run, method, looks } of sources)
        if (looks?.at(other) !== undefined) nearby.push(["maps", run, method, other]);
    }
  }
  return nearby;
}
