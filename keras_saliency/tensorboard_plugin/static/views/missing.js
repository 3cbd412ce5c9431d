/** What a link asks for and is not there: said, instead of something else being shown. */

import { h, setAttribute, setText } from "../parts/dom.js";
import { runWords } from "../parts/words.js";
import { methodsOf } from "../state/selectors.js";

/**
 * @import { App } from "../state/app.js"
 * @import { State } from "../state/fields.js"
 * @import { Shown } from "../state/selectors.js"
 *
 * @typedef {[words: string, way: string, patch: Partial<State>]} Missing what is not there, and what to see instead
 */

export class MissingPage {
  /** @param {App} app */
  constructor(app) {
    /** @type {Partial<State>} */
    this.patch = {};
    this.words = h("p");
    this.way = h("button", { class: "chip", onclick: () => app.set(this.patch) });
    this.element = h("section", { class: "view missing", role: "status" }, this.words, this.way);
  }

  /**
   * Whether something is missing.
   *
   * @param {Shown} shown
   */
  update(shown) {
    const missing = missingOf(shown);
    if (!missing) return false;
    const [words, way, patch] = missing;
    this.patch = patch;
    setText(this.words, words);
    setText(this.way, way);
    setAttribute(this.way, "hidden", way === "");
    return true;
  }
}

/**
 * @param {Shown} shown
 * @returns {Missing | undefined}
 */
export function missingOf({ state, run, method, count }) {
  if (!run && state.run) {
    const words = `The run “${runWords(state.run)}” is not in this log directory. It may have been renamed, moved or deleted, or its log is not read yet: this page shows it when it comes.`;
    return [words, "Show the newest run", { run: "", method: "" }];
  }
  const methods = methodsOf(run);
  if (run && method === undefined && methods.length && state.tab !== "checks") {
    const words = `The run “${runWords(run.run)}” has no maps by “${state.method}”. It has ${methods.join(", ")}.`;
    return [words, `Show ${methods[0]}`, { method: methods[0] }];
  }
  const ofOneProbe = state.tab === "probe" || state.tab === "strip";
  if (run && ofOneProbe && count > 0 && state.probe >= count)
    return [
      `The run “${runWords(run.run)}” has ${count} probes: there is no probe ${state.probe + 1}.`,
      "Show probe 1",
      { probe: 0 },
    ];
  return undefined;
}
