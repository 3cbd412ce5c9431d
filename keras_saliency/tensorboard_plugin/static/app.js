/**
 * What the views draw from. They ask for what they need (`series`, `probes`, `maps`) and get it, or undefined
 * while it is on its way; whenever something arrives or the state changes, they are told to update. A view
 * thus always draws what the state says now, however requests overtake each other.
 */

import { Offline } from "./data.js";
import { Library } from "./library.js";
import { Probes } from "./probes.js";
import { Series } from "./series.js";
import { parsed } from "./state.js";

const POLL_EVERY = 3000;
const LOOKS_AT_ONCE = 1000;

export class App {
  /** `update` is called, at most once a frame, when there is something new to show. */
  constructor(source, state, update) {
    this.source = source;
    this.store = state;
    this.update = update;
    this.runs = [];
    this.loaded = false;
    this.trouble = null;
    this.missed = false;
    this.problems = new Map();
    this.library = new Library(source, () => this.changed());
    this.held = { series: new Map(), probes: new Map(), checks: new Map() };
    state.subscribe(() => this.changed());
  }

  get state() {
    return this.store.now;
  }

  set(patch) {
    this.store.set(patch);
  }

  /** Loads the list of runs, and keeps asking for what is new while the page is seen. */
  async start() {
    await this.refresh();
    if (!this.source.growing) return;
    const poll = async () => {
      if (document.visibilityState === "visible" && window.innerWidth > 0) await this.refresh();
      setTimeout(poll, POLL_EVERY);
    };
    setTimeout(poll, POLL_EVERY);
  }

  /** Asks for new runs and looks. */
  async refresh() {
    try {
      const { runs } = await this.source.runs();
      this.trouble = null;
      this.take(runs);
      if (!this.loaded) this.begin();
      await Promise.all([...this.held.series.values()].map((held) => this.grow(held)));
      await Promise.all(
        [...this.held.checks.keys()].map((run) => (this.info(run)?.gone ? null : this.loadChecks(run))),
      );
    } catch (error) {
      this.trouble =
        error instanceof Offline ? `${error.message} What was loaded stays here; the page asks again.` : error.message;
    }
    this.loaded = true;
    this.changed();
  }

  /** Asks for what is shown first all at once, not one after the other. */
  begin() {
    const steps = this.run?.methods[this.method]?.steps ?? [];
    const step = steps.includes(this.state.step) ? this.state.step : steps.at(-1);
    if (step === undefined) return;
    this.series(this.run.run, this.method);
    this.probes(this.run.run);
    this.library.get(this.run.run, this.method, step);
  }

  /** The run that is shown: the chosen one, or the first with maps. */
  get run() {
    return this.info(this.state.run) ?? this.runs.find((info) => Object.keys(info.methods).length > 0) ?? this.runs[0];
  }

  /** The method that is shown: the chosen one where this run has it, or the run's first. */
  get method() {
    return this.methodOf(this.run);
  }

  methodOf(run) {
    const methods = methodsOf(run);
    return methods.includes(this.state.method) ? this.state.method : methods[0];
  }

  info(run) {
    return this.runs.find((info) => info.run === run);
  }

  /** What a number is, in the words of the first log that says it; empty where none does. */
  about(number) {
    return this.runs.map(({ descriptions }) => descriptions[number]).find(Boolean) ?? "";
  }

  /** The looks that are shown. */
  get current() {
    return this.run && this.method !== undefined ? this.series(this.run.run, this.method) : undefined;
  }

  /** The step that is shown; undefined while nothing is known of it. */
  get step() {
    return this.current?.nearest(this.state.step);
  }

  /** The epoch that is shown; undefined while nothing is known of it. */
  get epoch() {
    return this.current?.epochOf(this.step);
  }

  /** What the shown run counts in: `"epoch"`, or `"step"`. */
  get unit() {
    return this.current?.unit ?? "epoch";
  }

  /** The probe that is shown in the views of one probe. */
  get probe() {
    return Math.max(0, Math.min(this.state.probe, this.count - 1));
  }

  /** How many probes the shown run has. */
  get count() {
    return this.run?.count ?? this.current?.count ?? 0;
  }

  /** The looks of a method of a run, `{error}`-marked if they cannot be read, or undefined while loading. */
  series(run, method) {
    const key = `${run}\u0000${method}`;
    if (!this.held.series.has(key)) {
      const held = { run, method, series: new Series(), ready: false, asking: false };
      this.held.series.set(key, held);
      this.grow(held, true).then(() => this.changed());
    }
    const held = this.held.series.get(key);
    return this.noted(held.ready ? held.series : undefined);
  }

  /** The probes of a run; undefined while loading. Without a readable record they have no pictures. */
  probes(run) {
    if (!this.held.probes.has(run)) {
      this.held.probes.set(run, undefined);
      this.loadProbes(run);
    }
    return this.noted(this.held.probes.get(run));
  }

  /** The maps at a step, `{error}`, or undefined while loading. */
  maps(run, method, step) {
    const series = this.series(run, method);
    if (!series || step === undefined) return undefined;
    return series.problems[step] ? { error: series.problems[step] } : this.noted(this.library.get(run, method, step));
  }

  /** Keeps in mind whether something that was asked for is still on its way. */
  noted(found) {
    if (found === undefined) this.missed = true;
    return found;
  }

  /** The check results of a run; undefined while loading. */
  checks(run) {
    if (!this.held.checks.has(run)) {
      this.held.checks.set(run, undefined);
      this.loadChecks(run).then(() => this.changed());
    }
    return this.held.checks.get(run);
  }

  /** The columns of the comparison: `[run, method]` pairs, chosen or proposed. */
  get columns() {
    return this.chosenColumns.length ? this.chosenColumns : this.proposed();
  }

  get chosenColumns() {
    return parsed(this.state.columns).filter((pair) => Array.isArray(pair) && pair.length === 2);
  }

  proposed() {
    if (!this.run) return [];
    const others = this.runs.filter(
      (info) => info !== this.run && this.alike(info, this.run) && this.method in info.methods,
    );
    if (others.length) return [this.run, ...others].slice(0, 4).map((info) => [info.run, this.method]);
    const methods = methodsOf(this.run).filter((method) => method !== this.method);
    return [this.method, ...methods].slice(0, 4).map((method) => [this.run.run, method]);
  }

  /** Whether two runs were asked the same question: the same probes with the same labels. */
  alike(one, other) {
    return one === other || (one.fingerprint !== null && one.fingerprint === other.fingerprint);
  }

  /** Fetches the maps around the current step before they are asked for. */
  prefetch() {
    const sources = this.state.tab === "compare" ? this.columns : [[this.run?.run, this.method]];
    const series = this.current;
    if (!series || this.step === undefined) return;
    const here = series.timeline.indexOf(this.step);
    const wanted = [];
    for (let distance = 1; distance < series.timeline.length; distance++) {
      for (const at of [here + distance, here - distance]) {
        const step = series.timeline[at];
        if (step === undefined) continue;
        for (const [run, method] of sources) {
          if (this.held.series.get(`${run}\u0000${method}`)?.series.at(step) !== undefined)
            wanted.push([run, method, step]);
        }
      }
      if (wanted.length > 400) break;
    }
    this.library.prefetch(wanted);
  }

  /** Everyone should draw again, at the next frame. */
  changed() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.update();
    });
  }

  take(runs) {
    const names = new Set(runs.map((info) => info.run));
    for (const info of runs) {
      const before = this.info(info.run);
      if (before && replaced(before, info)) this.forget(info.run);
      if (before?.gone) this.held.probes.delete(info.run);
    }
    const gone = this.runs.filter((info) => !names.has(info.run));
    for (const info of gone) info.gone = true;
    this.runs = [...runs, ...gone];
  }

  forget(run) {
    this.library.forget(run);
    this.held.probes.delete(run);
    this.held.checks.delete(run);
    for (const key of this.held.series.keys()) if (key.startsWith(`${run}\u0000`)) this.held.series.delete(key);
  }

  async grow(held, first = false) {
    const { run, method, series } = held;
    const info = this.info(run);
    const known = info?.methods[method]?.steps ?? [];
    const missing = known.some((step) => !series.place?.has(step) && !(step in series.problems));
    if (held.asking || info?.gone || !(first || missing)) return;
    held.asking = true;
    try {
      for (let more = true; more;) {
        const looks = await this.source.looks(run, method, series.timeline.at(-1), LOOKS_AT_ONCE);
        series.append(looks);
        more = Boolean(looks.more) && looks.steps.length > 0;
        held.ready = true;
        this.changed();
      }
      this.problems.delete(`${run}\u0000${method}`);
    } catch (error) {
      this.problems.set(`${run}\u0000${method}`, error.message);
    }
    held.ready = true;
    held.asking = false;
  }

  async loadProbes(run) {
    let record = null;
    try {
      record = await this.source.probes(run);
      this.problems.delete(`${run}\u0000`);
    } catch (error) {
      this.problems.set(`${run}\u0000`, `The pictures of the probes cannot be shown. ${error.message}`);
    }
    const info = this.info(run);
    if (info) this.held.probes.set(run, new Probes(info, record));
    this.changed();
  }

  async loadChecks(run) {
    try {
      this.held.checks.set(run, (await this.source.checks(run)).checks);
    } catch {
      this.held.checks.set(run, this.held.checks.get(run) ?? []);
    }
  }
}

/** Whether a run of the same name is another one now: other probes, or steps that were there are not. */
function replaced(before, now) {
  if (before.fingerprint !== now.fingerprint || before.count !== now.count || before.has_pictures !== now.has_pictures)
    return true;
  return Object.entries(before.methods).some(([method, { steps }]) => {
    const present = new Set(now.methods[method]?.steps ?? []);
    return steps.some((step) => !present.has(step));
  });
}

/** The methods of a run, the plain gradient first: it is what the others are measured against. */
export function methodsOf(run) {
  const methods = Object.keys(run?.methods ?? {});
  return methods.includes("gradient") ? ["gradient", ...methods.filter((method) => method !== "gradient")] : methods;
}
