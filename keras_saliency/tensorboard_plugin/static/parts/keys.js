/** What the keys do, in words, and which of them choose a view. */

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

/** A button that shows them. */
export function keysHelp() {
  const rows = Object.entries(KEYS).flatMap(([key, words]) => [h("dt", { text: key }), h("dd", { text: words })]);
  return h("details", { class: "keys" }, h("summary", { class: "chip", text: "Keys" }), h("dl", {}, ...rows));
}
