/** What the keys do, in words, which of them choose a view, and which of them belong to a control. */

import { VIEWS } from "../data/maps.js";
import { h } from "./dom.js";

/** The keys 1 to 4 and their views. */
export const VIEW_KEYS = new Map(VIEWS.map((view, at) => [String(at + 1), view]));

const KEYS = {
  "← →": "one look back, one on",
  "Home End": "the first look, the newest",
  Space: "play, stop",
  "1 2 3 4": "magnitude, positive, negative, signed",
  "N P": "the next probe, the one before",
  Escape: "back to the grid",
};

/** Which keys a control needs for itself. @type {[string, RegExp][]} */
const OWN = [
  ["input:not([type=checkbox], [type=range]), select, textarea", /./],
  ["input[type=range]", /^(Arrow|Home|End|Page)/],
  ["button, a, summary, input[type=checkbox]", /^( |Enter)$/],
];

/**
 * Whether the control that has the focus needs a key for itself.
 *
 * @param {Element} target
 * @param {string} key
 */
export function ownsKey(target, key) {
  return OWN.some(([selector, keys]) => target.closest(selector) !== null && keys.test(key));
}

/**
 * Takes the focus from what was pressed with the pointer: Space and the arrows then go to the page. Who comes with Tab
 * stays, and so do texts and lists, which are typed into.
 *
 * @param {Document} document
 */
export function releaseFocus({ activeElement }) {
  const pressed = activeElement?.matches("button, a, summary, input:is([type=checkbox], [type=range])");
  if (pressed && activeElement instanceof HTMLElement) activeElement.blur();
}

/** A button that shows them. */
export function keysHelp() {
  const rows = Object.entries(KEYS).flatMap(([key, words]) => [h("dt", { text: key }), h("dd", { text: words })]);
  return h("details", { class: "keys" }, h("summary", { class: "chip", text: "Keys" }), h("dl", {}, ...rows));
}
