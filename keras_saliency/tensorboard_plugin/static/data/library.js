/**
 * All data of the page. Reading (`series`, `probes`, `checks`, `maps`) gives what is there and changes nothing; `ask`
 * fetches what is not. What was fetched is in one cache, bounded by the size of the maps.
 */

import { Cache } from "./cache.js";
import { Colormaps } from "./colormaps.js";
import { Maps, Unreadable } from "./maps.js";
import { Probes } from "./probes.js";
import { Series } from "./series.js";
import { Offline } from "./source.js";

/**
 * @import { Report, RunInfo, Source } from "./source.js"
 *
 * @typedef {["series" | "maps" | "probes" | "checks", string, string?, number?]} Request what to fetch: the kind, the
 *   run, for series and maps the method, for maps the step
 * @typedef {Series | Probes | Report[] | Maps | Unreadable} Content
 * @typedef {(value: Content, size?: number) => boolean} Keep keeps what was fetched; false where its run was forgotten
 *   meanwhile
 */

const MOST_BYTES = 256e6;
const AHEAD_SHARE = 0.6;
const MOST_AHEAD = 400;
const AT_ONCE = 4;
const RETRY_AFTER = 3000;
const LOOKS_AT_ONCE = 1000;

export class Library {
  /**
   * @param {Source} source
   * @param {() => void} changed called whenever there is something new
   */
  constructor(source, changed) {
    this.source = source;
    this.changed = changed;
    /** @type {RunInfo[]} */
    this.runs = [];
    /** @type {Colormaps | null} */
    this.colormaps = null;
    /** Whether the source was asked. */
    this.loaded = false;
    /** Why the source does not answer. @type {string | null} */
    this.trouble = null;
    /** What could not be fetched, and why. @type {Map<string, string>} */
    this.problems = new Map();
    /** @type {Cache<Content>} */
    this.cache = new Cache(MOST_BYTES);
    /** @type {Map<string, object>} */
    this.running = new Map();
    /** @type {Request[]} */
    this.ahead = [];
  }

  /** @param {string} run */
  info(run) {
    return this.runs.find((info) => info.run === run);
  }

  /**
   * The looks of a method of a run; without any where they cannot be read.
   *
   * @param {string} run
   * @param {string} method
   * @returns {Series | undefined}
   */
  series(run, method) {
    return /** @type {Series | undefined} */ (this.cache.get(keyOf(["series", run, method])));
  }

  /**
   * The probes of a run; without pictures where they cannot be read.
   *
   * @param {string} run
   * @returns {Probes | undefined}
   */
  probes(run) {
    return /** @type {Probes | undefined} */ (this.cache.get(keyOf(["probes", run])));
  }

  /**
   * What checks found in a run.
   *
   * @param {string} run
   * @returns {Report[] | undefined}
   */
  checks(run) {
    return /** @type {Report[] | undefined} */ (this.cache.get(keyOf(["checks", run])));
  }

  /**
   * The maps at a step.
   *
   * @param {string} run
   * @param {string} method
   * @param {number} step
   * @returns {Maps | Unreadable | undefined}
   */
  maps(run, method, step) {
    const problem = this.series(run, method)?.problems[step];
    if (problem !== undefined) return new Unreadable(problem);
    return /** @type {Maps | Unreadable | undefined} */ (this.cache.get(keyOf(["maps", run, method, step])));
  }

  /**
   * Whether something is there, be it that it cannot be read.
   *
   * @param {Request} request
   */
  has(request) {
    const [kind, run, method = "", step = 0] = request;
    return this.cache.has(keyOf(request)) || (kind === "maps" && this.maps(run, method, step) !== undefined);
  }

  /**
   * Fetches what is not there, and keeps what is.
   *
   * @param {Request[]} requests
   */
  ask(requests) {
    for (const request of requests) {
      this.cache.touch(keyOf(request));
      if (!this.has(request)) this.fetch(request);
    }
  }

  /**
   * What to fetch when nothing is waited for, the nearest first.
   *
   * @param {Request[]} requests of maps
   */
  prefetch(requests) {
    const each = this.cache.average;
    const room = each ? Math.floor((MOST_BYTES * AHEAD_SHARE) / each) : AT_ONCE;
    this.ahead = requests.slice(0, Math.min(room, MOST_AHEAD));
    this.pump();
  }

  /** Asks for new runs and looks. */
  async refresh() {
    try {
      const anchors = this.colormaps ? null : this.source.colormaps();
      const [{ runs }, found] = await Promise.all([this.source.runs(), anchors]);
      if (found) this.colormaps = new Colormaps(found);
      this.trouble = null;
      this.take(runs);
      await Promise.all(this.outdated().map((request) => this.fetch(request)));
    } catch (error) {
      this.trouble =
        error instanceof Offline
          ? `${error.message} What was loaded stays here; the page asks again.`
          : sentenceOf(error);
    }
    this.loaded = true;
    this.changed();
  }

  /** @param {RunInfo[]} runs */
  take(runs) {
    const names = new Set(runs.map(({ run }) => run));
    for (const info of runs) {
      const before = this.info(info.run);
      if (before && replaced(before, info)) this.forget(info.run);
      if (before?.gone) this.cache.delete(keyOf(["probes", info.run]));
    }
    const gone = this.runs.filter(({ run }) => !names.has(run)).map((info) => ({ ...info, gone: true }));
    this.runs = [...runs, ...gone];
  }

  /**
   * Forgets a run that was replaced, also what is on its way.
   *
   * @param {string} run
   */
  forget(run) {
    for (const held of [this.cache.kept, this.running, this.problems])
      for (const key of held.keys()) {
        if (requestOf(key)[1] !== run) continue;
        this.cache.delete(key);
        this.running.delete(key);
        this.problems.delete(key);
      }
  }

  /** What was fetched and may have grown: looks that lack listed steps, and all checks. */
  outdated() {
    return [...this.cache.kept.keys()].map(requestOf).filter(([kind, run, method = ""]) => {
      const info = this.info(run);
      if (!info || info.gone) return false;
      if (kind === "checks") return true;
      const series = kind === "series" && this.series(run, method);
      const steps = info.methods[method]?.steps ?? [];
      return series && steps.some((step) => series.at(step) === undefined && !(step in series.problems));
    });
  }

  pump() {
    while (this.running.size < AT_ONCE && this.ahead.length) {
      const next = /** @type {Request} */ (this.ahead.shift());
      if (!this.has(next)) this.fetch(next);
    }
  }

  /** @param {Request} request */
  async fetch(request) {
    const [key, token] = [keyOf(request), {}];
    if (this.running.has(key)) return;
    this.running.set(key, token);
    const current = () => this.running.get(key) === token;
    await this.read(request, key, (value, size) => {
      if (!current()) return false;
      this.cache.put(key, value, size);
      this.changed();
      return true;
    });
    if (current()) this.running.delete(key);
    this.pump();
  }

  /**
   * @param {Request} request
   * @param {string} key
   * @param {Keep} keep
   */
  read([kind, run, method = "", step = 0], key, keep) {
    if (kind === "series") return this.readLooks(run, method, key, keep);
    if (kind === "maps") return this.readMaps(run, method, step, key, keep);
    return kind === "probes" ? this.readProbes(run, key, keep) : this.readChecks(run, keep);
  }

  /**
   * @param {string} run
   * @param {string} method
   * @param {string} key
   * @param {Keep} keep
   */
  async readLooks(run, method, key, keep) {
    let series = this.series(run, method) ?? new Series();
    try {
      for (let more = true; more;) {
        const looks = await this.source.looks(run, method, series.timeline.at(-1), LOOKS_AT_ONCE);
        series = series.append(looks);
        more = keep(series) && Boolean(looks.more) && looks.steps.length > 0;
      }
      this.problems.delete(key);
    } catch (error) {
      if (keep(series)) this.problems.set(key, sentenceOf(error));
    }
  }

  /**
   * @param {string} run
   * @param {string} method
   * @param {number} step
   * @param {string} key
   * @param {Keep} keep
   */
  async readMaps(run, method, step, key, keep) {
    try {
      const maps = new Maps(await this.source.maps(run, method, step));
      keep(maps, maps.bytes);
    } catch (error) {
      keep(new Unreadable(sentenceOf(error)));
      if (error instanceof Offline) setTimeout(() => this.drop(key), RETRY_AFTER);
    }
  }

  /**
   * @param {string} run
   * @param {string} key
   * @param {Keep} keep
   */
  async readProbes(run, key, keep) {
    const info = this.info(run);
    if (!info) return;
    try {
      keep(new Probes(info, await this.source.probes(run)));
      this.problems.delete(key);
    } catch (error) {
      if (keep(new Probes(info, null)))
        this.problems.set(key, `The pictures of the probes cannot be shown. ${sentenceOf(error)}`);
    }
  }

  /**
   * @param {string} run
   * @param {Keep} keep
   */
  async readChecks(run, keep) {
    try {
      const [before, { checks }] = [this.checks(run), await this.source.checks(run)];
      keep(before && JSON.stringify(before) === JSON.stringify(checks) ? before : checks);
    } catch {
      keep(this.checks(run) ?? []);
    }
  }

  /** @param {string} key */
  drop(key) {
    this.cache.delete(key);
    this.changed();
  }
}

/** @param {Request} request */
function keyOf(request) {
  return request.join("\u0000");
}

/**
 * @param {string} key
 * @returns {Request}
 */
function requestOf(key) {
  const [kind, run, ...rest] = key.split("\u0000");
  return /** @type {Request} */ ([kind, run, ...rest.map((part, at) => (at ? Number(part) : part))]);
}

/** @param {unknown} error */
function sentenceOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Whether a run of the same name is another one now: other probes, or steps that were there are not.
 *
 * @param {RunInfo} before
 * @param {RunInfo} now
 */
function replaced(before, now) {
  if (before.fingerprint !== now.fingerprint || before.count !== now.count || before.has_pictures !== now.has_pictures)
    return true;
  return Object.entries(before.methods).some(([method, { steps }]) => {
    const present = new Set(now.methods[method]?.steps ?? []);
    return steps.some((step) => !present.has(step));
  });
}
