/** What is known of every look of one method of one run, beside the maps: it grows while training goes on. */

const PARALLEL = [
  "steps",
  "epochs",
  "wall_times",
  "scores",
  "target_classes",
  "predicted_classes",
  "probabilities",
  "finite",
  "probe_accuracy",
];

export class Series {
  constructor() {
    for (const name of PARALLEL) this[name] = [];
    this.score_kind = null;
    this.unit = "epoch";
    this.numbers = {};
    this.per_probe = {};
    this.scales = { magnitude: [], signed: [] };
    this.problems = {};
    this.timeline = [];
  }

  /** Takes over looks that a server gave, but those that are here already; what cannot be read is a problem. */
  append(looks) {
    const last = this.steps.at(-1) ?? -Infinity;
    const fresh = looks.steps.flatMap((step, at) => (step > last && !(step in looks.problems) ? [at] : []));
    const before = this.steps.length;
    for (const name of PARALLEL) this[name].push(...fresh.map((at) => looks[name][at]));
    if (this.epochs.includes(null)) this.unit = "step"; // the run counts otherwise than in epochs
    if (this.unit === "step") this.epochs = [...this.steps];
    for (const group of ["numbers", "per_probe", "scales"]) grow(this[group], looks[group], fresh, before);
    this.score_kind = looks.score_kind ?? this.score_kind;
    Object.assign(this.problems, looks.problems);
    this.place = new Map(this.steps.map((step, at) => [step, at]));
    const all = new Set([...this.steps, ...Object.keys(this.problems).map(Number)]);
    this.timeline = [...all].sort((a, b) => a - b);
  }

  /** How many probes there are. */
  get count() {
    return this.scores.at(-1)?.length ?? 0;
  }

  /** The position of a step in the arrays; undefined where its look is missing. */
  at(step) {
    return this.place?.get(step);
  }

  /** The epoch of a step. One that cannot be read lies as far from its neighbour as their steps do. */
  epochOf(step) {
    const at = this.at(step);
    if (at !== undefined) return this.epochs[at];
    const before = this.steps.findLast((known) => known < step) ?? this.steps[0];
    return before === undefined ? undefined : this.epochs[this.at(before)] + step - before;
  }

  /** The step of the timeline that stands for a wanted one: itself, else the last before it, else the first. */
  nearest(step) {
    if (step === "latest") return this.timeline.at(-1);
    return this.timeline.findLast((known) => known <= step) ?? this.timeline[0];
  }

  /** The step at an epoch; undefined where there is none. */
  stepOfEpoch(epoch) {
    return this.steps[this.epochs.lastIndexOf(epoch)];
  }

  /** The largest scale that a probe's map has at any step, in the map's units. */
  largest(view, probe) {
    const ruled = view === "signed" ? "signed" : "magnitude";
    if (this.largestOf?.steps !== this.steps.length) this.largestOf = { steps: this.steps.length };
    this.largestOf[ruled] ??= this.largestEach(ruled);
    return this.largestOf[ruled][probe] ?? 0;
  }

  largestEach(ruled) {
    const largest = [];
    for (let at = 0; at < this.steps.length; at++) {
      const scales = this.scales[ruled][at] ?? this.scales.magnitude[at] ?? [];
      scales.forEach((scale, probe) => (largest[probe] = Math.max(largest[probe] ?? 0, scale)));
    }
    return largest;
  }

  /** The mean of a number, or the accuracy on the probes, over the epochs: `[[epoch, value or null], …]`. */
  curve(name) {
    if (this.curvesOf?.steps !== this.steps.length) this.curvesOf = { steps: this.steps.length, curves: new Map() };
    const values = name === "probe_accuracy" ? this.probe_accuracy : this.numbers[name];
    const { curves } = this.curvesOf;
    if (!curves.has(name))
      curves.set(
        name,
        this.epochs.map((epoch, at) => [epoch, values?.[at] ?? null]),
      );
    return curves.get(name);
  }

  /** One number of one probe at a step; undefined where it is absent. */
  of(number, step, probe) {
    return this.per_probe[number]?.[this.at(step)]?.[probe] ?? undefined;
  }
}

function grow(group, added, fresh, before) {
  for (const name of new Set([...Object.keys(group), ...Object.keys(added)])) {
    group[name] ??= new Array(before).fill(null);
    group[name].push(...fresh.map((at) => added[name]?.[at] ?? null));
  }
}
