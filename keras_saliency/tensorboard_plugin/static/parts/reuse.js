/** What is made or drawn once, and used until it has to be another. */

/**
 * Parts of a view by key, each made when it is first shown.
 *
 * @template {(...details: never[]) => unknown} Make
 */
export class Pool {
  /** @param {Make} make from whatever is given beside the key */
  constructor(make) {
    this.make = make;
    /** @type {Map<string | number, ReturnType<Make>>} */
    this.made = new Map();
  }

  /**
   * The part of a key.
   *
   * @param {string | number} key
   * @param {Parameters<Make>} details used when it is made
   * @returns {ReturnType<Make>}
   */
  of(key, ...details) {
    const known = this.made.get(key);
    if (known) return known;
    const part = /** @type {ReturnType<Make>} */ (this.make(...details));
    this.made.set(key, part);
    return part;
  }

  get all() {
    return [...this.made.values()];
  }
}

/** Draws only if what is drawn from is not what was drawn from before. */
export class Once {
  constructor() {
    /** @type {unknown[] | null} */
    this.from = null;
  }

  /**
   * @param {unknown[]} from values that are the same or not
   * @param {() => void} draw
   */
  draw(from, draw) {
    const { from: before } = this;
    if (before?.length === from.length && from.every((value, at) => Object.is(value, before[at]))) return;
    this.from = from;
    draw();
  }
}
