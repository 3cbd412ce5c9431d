/** Decoded maps: fetched once, kept up to a bound, those near the current step fetched ahead. */

import { Offline } from "./data.js";
import { Maps } from "./maps.js";

const MOST_BYTES = 256e6;
const AHEAD_SHARE = 0.6;
const MOST_AHEAD = 400;
const AT_ONCE = 4;
const RETRY_AFTER = 3000;

export class Library {
  /** `arrived` is called whenever something that was asked for is there. */
  constructor(source, arrived) {
    this.source = source;
    this.arrived = arrived;
    this.kept = new Map();
    this.bytes = 0;
    this.running = new Map();
    this.ahead = [];
  }

  /** The maps, `{error}` where they cannot be had, or undefined while they are on their way. */
  get(run, method, step) {
    const key = [run, method, step].join("\u0000");
    const found = this.kept.get(key);
    if (found) {
      this.kept.delete(key);
      this.kept.set(key, found);
    } else if (!this.running.has(key)) this.fetch(key, run, method, step);
    return found;
  }

  /** What to fetch when nothing is waited for: a list of `[run, method, step]`, the nearest first. */
  prefetch(wanted) {
    const each = this.kept.size ? this.bytes / this.kept.size : 0;
    const room = each ? Math.floor((MOST_BYTES * AHEAD_SHARE) / each) : AT_ONCE;
    this.ahead = wanted.slice(0, Math.min(room, MOST_AHEAD));
    this.pump();
  }

  /** Forgets a run that was replaced. */
  forget(run) {
    for (const [key, { bytes }] of this.kept) {
      if (key.startsWith(`${run}\u0000`)) {
        this.kept.delete(key);
        this.bytes -= bytes ?? 0;
      }
    }
  }

  pump() {
    while (this.running.size < AT_ONCE && this.ahead.length) {
      const next = this.ahead.shift();
      const key = next.join("\u0000");
      if (!this.kept.has(key) && !this.running.has(key)) this.fetch(key, ...next);
    }
  }

  async fetch(key, run, method, step) {
    const token = {};
    this.running.set(key, token);
    let found;
    try {
      found = new Maps(await this.source.maps(run, method, step));
    } catch (error) {
      found = { error: error.message, bytes: 0 };
      if (error instanceof Offline) setTimeout(() => this.drop(key), RETRY_AFTER);
    }
    this.running.delete(key);
    this.keep(key, found);
    this.arrived();
    this.pump();
  }

  keep(key, found) {
    this.kept.set(key, found);
    this.bytes += found.bytes;
    for (const [oldest, { bytes }] of this.kept) {
      if (this.bytes <= MOST_BYTES || oldest === key) break;
      this.kept.delete(oldest);
      this.bytes -= bytes;
    }
  }

  drop(key) {
    this.kept.delete(key);
    this.arrived();
  }
}
