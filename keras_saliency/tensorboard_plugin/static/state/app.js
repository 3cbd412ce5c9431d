/**
 * What the views draw from and act on. They draw what is there and say what they need beside it; when something
 * arrives or the state changes, they draw again. A view thus always draws what the state says now, however requests
 * overtake each other.
 */

import { Library } from "../data/library.js";
import { columnsOf, mapsNearby, shownBy } from "./selectors.js";
import { Store } from "./store.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { View } from "../data/maps.js"
 * @import { Source } from "../data/source.js"
 * @import { Address } from "./address.js"
 * @import { State } from "./fields.js"
 */

const POLL_EVERY = 3000;

export class App {
  /**
   * @param {Source} source
   * @param {Address} address
   * @param {() => void} update called, at most once a frame, when there is something new to show
   */
  constructor(source, address, update) {
    this.source = source;
    this.update = update;
    this.dark = false;
    this.due = false;
    this.library = new Library(source, () => this.changed());
    this.store = new Store(address, () => this.changed());
  }

  get state() {
    return this.store.now;
  }

  /** What the state picks from the data that is there. */
  get shown() {
    return shownBy(this.state, this.library);
  }

  /** The columns of the comparison. */
  get columns() {
    return columnsOf(this.shown, this.library);
  }

  /**
   * What a number is, in the words of the first log that says it; empty where none does.
   *
   * @param {string} number
   */
  about(number) {
    return this.library.runs.map(({ descriptions }) => descriptions[number]).find(Boolean) ?? "";
  }

  /** @param {Partial<State>} patch */
  set(patch) {
    this.store.set(patch);
  }

  /** The colour maps; there are none before there is a list of runs. */
  get colormaps() {
    if (!this.library.colormaps) throw new Error("The colour maps are not loaded.");
    return this.library.colormaps;
  }

  /**
   * The chosen colour map, or the one that fits.
   *
   * @param {View} view
   */
  palette(view) {
    return this.colormaps.palette(view, this.state.colours, this.dark);
  }

  /** Loads the list of runs, and keeps asking for what is new while the page is seen. */
  async start() {
    await this.library.refresh();
    if (!this.source.growing) return;
    const poll = async () => {
      if (document.visibilityState === "visible" && window.innerWidth > 0) await this.library.refresh();
      setTimeout(poll, POLL_EVERY);
    };
    setTimeout(poll, POLL_EVERY);
  }

  /**
   * Fetches what is needed, and then the maps around the current step before they are asked for.
   *
   * @param {Request[]} needs
   */
  ask(needs) {
    const { library, shown } = this;
    library.ask(needs);
    const { run, method } = shown;
    if (run && method !== undefined)
      library.prefetch(mapsNearby(shown, this.state.tab === "compare" ? this.columns : [[run.run, method]], library));
  }

  /** @param {boolean} dark whether the page is */
  themed(dark) {
    this.dark = dark;
    this.changed();
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
}
