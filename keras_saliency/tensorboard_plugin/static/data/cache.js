/** What was fetched, by key. Over the bound, what was not used for the longest time goes first. */

/**
 * @template Value
 */
export class Cache {
  /** @param {number} most the sum of the sizes that are kept */
  constructor(most) {
    this.most = most;
    this.size = 0;
    this.sized = 0; // how many values have a size
    /** @type {Map<string, { value: Value, size: number }>} */
    this.kept = new Map();
  }

  /** @param {string} key */
  has(key) {
    return this.kept.has(key);
  }

  /**
   * @param {string} key
   * @returns {Value | undefined}
   */
  get(key) {
    return this.kept.get(key)?.value;
  }

  /**
   * Keeps a value; the last one that was put always stays.
   *
   * @param {string} key
   * @param {Value} value
   */
  put(key, value, size = 0) {
    this.delete(key);
    this.kept.set(key, { value, size });
    this.size += size;
    this.sized += Number(size > 0);
    for (const [oldest, entry] of this.kept) {
      if (this.size <= this.most || oldest === key) break;
      if (entry.size > 0) this.delete(oldest); // what has no size makes no room
    }
  }

  /**
   * Says that a value is in use.
   *
   * @param {string} key
   */
  touch(key) {
    const entry = this.kept.get(key);
    if (!entry) return;
    this.kept.delete(key);
    this.kept.set(key, entry);
  }

  /** The mean size of what has one; 0 where there is nothing. */
  get average() {
    return this.sized && this.size / this.sized;
  }

  /** @param {string} key */
  delete(key) {
    const { size } = this.kept.get(key) ?? { size: 0 };
    this.size -= size;
    this.sized -= Number(size > 0);
    this.kept.delete(key);
  }
}
