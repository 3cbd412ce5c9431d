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
    address.follow(
      () => this.take(readState(address.read())),
      () => this.write(),
    );
  }

  /**
   * Changes some fields. The address follows when there is a pause: browsers count its changes.
   *
   * @param {Partial<State>} patch
   */
  set(patch) {
    this.take({ ...this.now, ...patch });
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.write(), WRITE_AFTER);
  }

  /** A link that shows the same thing. */
  get link() {
    return this.address.linkTo(writeState(this.now));
  }

  write() {
    this.address.write(writeState(this.now));
  }

  /** @param {State} next */
  take(next) {
    this.now = Object.freeze(next);
    this.changed();
  }
}
