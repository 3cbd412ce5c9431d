/** The state, who listens to it, and the address that keeps it, so that a link shows the same thing. */

import { readState, writeState } from "./fields.js";

/**
 * @import { Address } from "./address.js"
 * @import { State } from "./fields.js"
 */

const WRITE_AFTER = 150;

export class Store {
  /**
   * @param {Address} address
   * @param {() => void} changed called after every change
   */
  constructor(address, changed) {
    this.address = address;
    this.changed = changed;
    this.now = readState(address.read());
    /** Whether the next writing begins a new entry of the history. */
    this.turned = false;
    address.follow(
      () => this.read(),
      () => this.write(),
    );
  }

  /**
   * Changes some fields. The address follows when there is a pause: browsers count its changes. Another view or probe
   * is a new entry of the history, so that Back returns to the one before as it was left.
   *
   * @param {Partial<State>} patch
   */
  set(patch) {
    const { tab, probe } = this.now;
    const next = { ...this.now, ...patch };
    if (!this.turned && (next.tab !== tab || next.probe !== probe)) {
      this.write();
      this.turned = true;
    }
    this.take(next);
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.write(), WRITE_AFTER);
  }

  /** A link that shows the same thing. */
  get link() {
    return this.address.linkTo(writeState(this.now));
  }

  write() {
    this.address.write(writeState(this.now), this.turned);
    this.turned = false;
  }

  /** What the address says takes the place of everything. */
  read() {
    clearTimeout(this.pause);
    this.turned = false;
    this.take(readState(this.address.read()));
  }

  /** @param {State} next */
  take(next) {
    this.now = Object.freeze(next);
    this.changed();
  }
}
