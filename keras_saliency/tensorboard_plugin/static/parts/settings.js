/** The settings of a run: a button that shows them. */

import { h, setAttribute } from "./dom.js";
import { Once } from "./reuse.js";

const LONGEST = 16;

export class SettingsPanel {
  constructor() {
    this.list = h("dl");
    this.element = h(
      "details",
      { class: "panel-button settings" },
      h("summary", { class: "chip", text: "Settings", title: "What was asked for when this run began" }),
      this.list,
    );
    this.drawn = new Once();
  }

  /** @param {Record<string, unknown>} settings */
  update(settings) {
    const rows = Object.entries(settings);
    setAttribute(this.element, "hidden", rows.length === 0);
    this.drawn.draw([JSON.stringify(settings)], () => {
      this.list.replaceChildren(
        ...rows.flatMap(([name, value]) => [
          h("dt", { text: name }),
          h("dd", { text: settingWords(name, value), title: typeof value === "string" ? value : null }),
        ]),
      );
    });
  }
}

/**
 * One setting as people read it.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function settingWords(name, value) {
  if (value === null || value === undefined) return "not set";
  if (name === "every" && typeof value === "number") return value === 1 ? "epoch" : `${value} epochs`;
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "string") return JSON.stringify(value);
  return name.startsWith("fingerprint") && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}
