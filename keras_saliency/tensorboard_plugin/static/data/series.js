/** What is known of every look of one method of one run, beside the maps. A series never changes: `append` gives another. */

/**
 * @import { Looks, Maybe } from "./source.js"
 * @import { View } from "./maps.js"
 */

/** @type {Looks} */
const NONE = {
  steps: [],
  epochs: [],
  wall_times: [],
  scores: [],
  target_classes: [],
  predicted_classes: [],
  probabilities: [],
  probe_accuracy: [],
  numbers: {},
  per_probe: {},
  scales: {},
  finite: [],
  logs: {},
  score_kind: null,
  problems: {},
};

/** @typedef {"first" | "zero" | "zero before" | "not finite" | "constant"} NoDrift why a map has no drift */

export class Series {
  /** @param {Looks} looks without those that cannot be read */
  constructor(looks = NONE) {
    this.looks = looks;
    this.steps = looks.steps;
    this.wall_times = looks.wall_times;
    this.scores = looks.scores;
    this.target_classes = looks.target_classes;
    this.predicted_classes = looks.predicted_classes;
    this.probabilities = looks.probabilities;
    this.numbers = looks.numbers;
    this.per_probe = looks.per_probe;
    this.probe_accuracy = looks.probe_accuracy;
    this.logs = looks.logs;
    this.score_kind = looks.score_kind;
    this.problems = looks.problems;
    /**
     * What the run counts in: steps where its epochs are not all known, or begin anew in a later fit.
     *
     * @type {"epoch" | "step"}
     */
    this.unit = looks.epochs.every((epoch, at) => grows(epoch, looks.epochs[at - 1])) ? "epoch" : "step";
    this.epochs = this.unit === "step" ? this.steps : /** @type {number[]} */ (looks.epochs);
    this.places = new Map(this.steps.map((step, at) => [step, at]));
    this.timeline = [...new Set([...this.steps, ...Object.keys(this.problems).map(Number)])].sort((a, b) => a - b);
    this.largestOf = { magnitude: this.largestScales("magnitude"), signed: this.largestScales("signed") };
  }

  /**
   * The series with looks that a server gave, but those that are here already; what cannot be read is a problem.
   *
   * @param {Looks} added
   */
  append(added) {
    const before = this.looks;
    const last = this.steps.at(-1) ?? -Infinity;
    const fresh = added.steps.flatMap((step, at) => (step > last && !(step in added.problems) ? [at] : []));
    /** @type {<T>(list: T[], more: T[]) => T[]} */
    const joined = (list, more) => [...list, ...fresh.map((at) => more[at])];
    /** @type {<T>(group: Record<string, T[]>, more: Record<string, T[]>) => Record<string, (T | null)[]>} */
    const grown = (group, more) =>
      Object.fromEntries(
        [...new Set([...Object.keys(group), ...Object.keys(more)])].map((name) => [
          name,
          [...(group[name] ?? this.steps.map(() => null)), ...fresh.map((at) => more[name]?.[at] ?? null)],
        ]),
      );
    return new Series({
      steps: joined(before.steps, added.steps),
      epochs: joined(before.epochs, added.epochs),
      wall_times: joined(before.wall_times, added.wall_times),
      scores: joined(before.scores, added.scores),
      target_classes: joined(before.target_classes, added.target_classes),
      predicted_classes: joined(before.predicted_classes, added.predicted_classes),
      probabilities: joined(before.probabilities, added.probabilities),
      probe_accuracy: joined(before.probe_accuracy, added.probe_accuracy),
      numbers: grown(before.numbers, added.numbers),
      per_probe: grown(before.per_probe, added.per_probe),
      scales: grown(before.scales, added.scales),
      finite: joined(before.finite, added.finite),
      logs: grown(before.logs, added.logs),
      score_kind: added.score_kind ?? before.score_kind,
      problems: { ...before.problems, ...added.problems },
    });
  }

  /** How many probes there are. */
  get count() {
    return this.scores.at(-1)?.length ?? 0;
  }

  /**
   * The position of a step in the lists; undefined where its look is missing.
   *
   * @param {number | undefined} step
   */
  at(step) {
    return step === undefined ? undefined : this.places.get(step);
  }

  /**
   * What a list has at a step; undefined where there is nothing.
   *
   * @template T
   * @param {T[] | undefined} list
   * @param {number | undefined} step
   * @returns {T | undefined}
   */
  in(list, step) {
    const at = this.at(step);
    return at === undefined ? undefined : list?.[at];
  }

  /**
   * The epoch of a step. One that cannot be read lies as far from its neighbour as their steps do.
   *
   * @param {number | undefined} step
   */
  epochOf(step) {
    const epoch = this.in(this.epochs, step);
    if (epoch !== undefined || step === undefined) return epoch;
    const before = this.steps.findLastIndex((known) => known < step);
    const neighbour = Math.max(0, before);
    return this.steps.length ? this.epochs[neighbour] + step - this.steps[neighbour] : undefined;
  }

  /**
   * The step of the timeline that stands for a wanted one: itself, else the last before it, else the first.
   *
   * @param {number | "latest"} step
   * @returns {number | undefined}
   */
  nearest(step) {
    if (step === "latest") return this.timeline.at(-1);
    return this.timeline.findLast((known) => known <= step) ?? this.timeline[0];
  }

  /**
   * The step at an epoch; undefined where there is none, or where this run does not count in that unit.
   *
   * @param {number | undefined} epoch
   * @param {"epoch" | "step"} [unit]
   * @returns {number | undefined}
   */
  stepOfEpoch(epoch, unit = this.unit) {
    return epoch === undefined || unit !== this.unit ? undefined : this.steps[this.epochs.lastIndexOf(epoch)];
  }

  /**
   * The largest scale that a probe's map has at any step, in the map's units.
   *
   * @param {View} view
   * @param {number} probe
   */
  largest(view, probe) {
    return this.largestOf[view === "signed" ? "signed" : "magnitude"][probe] ?? 0;
  }

  /**
   * The mean of a number at each look, or the accuracy on the probes.
   *
   * @param {string} name
   * @returns {Maybe[]}
   */
  curve(name) {
    return (name === "probe_accuracy" ? this.probe_accuracy : this.numbers[name]) ?? this.steps.map(() => null);
  }

  /**
   * One number of one probe at a step; undefined where it is absent.
   *
   * @param {string} number
   * @param {number | undefined} step
   * @param {number} probe
   */
  of(number, step, probe) {
    return this.in(this.per_probe[number], step)?.[probe] ?? undefined;
  }

  /**
   * Why a probe has no drift at a look; undefined where it has one, or there is no look.
   *
   * @param {number | undefined} step
   * @param {number} probe
   * @returns {NoDrift | undefined}
   */
  noDrift(step, probe) {
    const at = this.at(step);
    if (at === undefined || this.of("drift", step, probe) !== undefined) return undefined;
    if (this.looks.finite[at]?.[probe] === false) return "not finite";
    if (this.isZero(at, probe)) return "zero";
    if (at === 0) return "first";
    return this.isZero(at - 1, probe) ? "zero before" : "constant";
  }

  /**
   * The same for the mean over the probes: why all of them have none; undefined where they have several reasons.
   *
   * @param {number | undefined} step
   */
  noMeanDrift(step) {
    const reasons = new Set(Array.from({ length: this.count }, (_, probe) => this.noDrift(step, probe)));
    return reasons.size === 1 ? [...reasons][0] : undefined;
  }

  /**
   * @param {number} at
   * @param {number} probe
   */
  isZero(at, probe) {
    return this.looks.finite[at]?.[probe] !== false && this.looks.scales.magnitude?.[at]?.[probe] === 0;
  }

  /** @param {"magnitude" | "signed"} ruled */
  largestScales(ruled) {
    const { magnitude = [], signed = [] } = this.looks.scales;
    /** @type {number[]} */
    const largest = [];
    for (const at of this.steps.keys()) {
      const scales = (ruled === "signed" ? signed[at] : null) ?? magnitude[at] ?? [];
      scales.forEach((scale, probe) => (largest[probe] = Math.max(largest[probe] ?? 0, scale ?? 0)));
    }
    return largest;
  }
}

/**
 * Whether an epoch is known, and not before the one of the look before.
 *
 * @param {Maybe} epoch
 * @param {Maybe | undefined} before
 */
function grows(epoch, before) {
  return epoch !== null && (before === undefined || before === null || epoch >= before);
}
