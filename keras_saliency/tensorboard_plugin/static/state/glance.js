/** What tells at a glance how a training goes: how far it is, how many probes are right, which of them flipped. */

/**
 * @import { Probes } from "../data/probes.js"
 * @import { Series } from "../data/series.js"
 *
 * @typedef {object} Flip a probe that is predicted otherwise than at the look before; classes in words
 * @property {number} probe
 * @property {string} name
 * @property {string} from
 * @property {string} to
 * @property {boolean | null} wrong whether it is wrong now
 *
 * @typedef {object} Glance
 * @property {number | null} done epochs up to the newest look; null where the run counts steps
 * @property {number | null} planned epochs; null where the log does not say it
 * @property {number | null} time of the newest look, in seconds since 1970
 * @property {[right: number, of: number] | null} right of the labelled probes at the shown look; null where not known
 * @property {Flip[] | null} flips since the look before the shown one; null where there is none
 * @property {[name: string, value: number][][]} said the first numbers of the training, each with its value on the
 *   validation data
 */

const MOST_SAID = 2;
const VALIDATION = "val_";
/** Numbers of the training that say nothing of how well it goes. */
const SETTINGS = new Set(["learning_rate", "lr"]);

/**
 * @param {Probes} probes
 * @param {Series} series
 * @param {number | undefined} step that is shown
 * @returns {Glance}
 */
export function glanceAt(probes, series, step) {
  const { epochs: planned } = probes.info.settings;
  const at = series.at(step);
  return {
    done: series.unit === "epoch" && series.epochs.length ? /** @type {number} */ (series.epochs.at(-1)) + 1 : null,
    planned: typeof planned === "number" ? planned : null,
    time: series.wall_times.at(-1) ?? null,
    right: at === undefined ? null : rightAt(probes, series, at),
    flips: at === undefined || at === 0 ? null : flipsAt(probes, series, at),
    said: namesSaid(series)
      .slice(0, MOST_SAID)
      .map((name) => [name, VALIDATION + name].flatMap((one) => saidAt(series, one, step)))
      .filter((values) => values.length),
  };
}

/**
 * @param {Series} series
 * @param {string} name
 * @param {number | undefined} step
 * @returns {[string, number][]}
 */
function saidAt(series, name, step) {
  const value = series.in(series.logs[name], step);
  return value === null || value === undefined ? [] : [[name, value]];
}

/**
 * What the training says of itself, loss first; each with its value on the validation data counts once.
 *
 * @param {Series} series
 */
export function namesSaid({ logs }) {
  const names = Object.keys(logs).filter((name) => !SETTINGS.has(name));
  const bases = [...new Set(names.map((name) => (name.startsWith(VALIDATION) ? name.slice(VALIDATION.length) : name)))];
  return bases.sort((a, b) => Number(b === "loss") - Number(a === "loss"));
}

/**
 * @param {Probes} probes
 * @param {Series} series
 * @param {number} at
 * @returns {[number, number] | null}
 */
function rightAt(probes, series, at) {
  const verdicts = (series.predicted_classes[at] ?? []).map((predicted, probe) => probes.wrong(probe, predicted));
  const known = verdicts.filter((wrong) => wrong !== null);
  return known.length ? [known.filter((wrong) => !wrong).length, known.length] : null;
}

/**
 * @param {Probes} probes
 * @param {Series} series
 * @param {number} at
 * @returns {Flip[]}
 */
function flipsAt(probes, series, at) {
  const [now, before] = [series.predicted_classes[at] ?? [], series.predicted_classes[at - 1] ?? []];
  return now.flatMap((predicted, probe) => {
    const [from, to] = [probes.className(before[probe]), probes.className(predicted)];
    if (from === null || to === null || predicted === before[probe]) return [];
    return [{ probe, name: probes.name(probe), from, to, wrong: probes.wrong(probe, predicted) }];
  });
}
