/** Choosing one of several, and sliders. */

import { h, setAttribute, setChildren } from "./dom.js";
import { Once, Pool } from "./reuse.js";

/** @import { App } from "../state/app.js" */

/**
 * A row of buttons of which one is chosen.
 *
 * @template {string} Value
 */
export class Choice {
  /**
   * @param {string} label
   * @param {Partial<Record<Value, string | string[]>>} options the words for each value, or the words and an explanation
   * @param {(value: Value) => void} choose
   */
  constructor(label, options, choose, kind = "segments") {
    const tabs = kind === "tabs";
    this.chosen = tabs ? "aria-selected" : "aria-pressed";
    this.element = h("div", { class: kind, role: tabs ? "tablist" : "group", "aria-label": label });
    this.buttons = new Pool((/** @type {Value} */ value, /** @type {string[]} */ [text, title]) =>
      h("button", { role: tabs ? "tab" : null, "data-value": value, text, title, onclick: () => choose(value) }),
    );
    this.offer(options);
  }

  /** @param {Partial<Record<Value, string | string[]>>} options */
  offer(options) {
    const given = /** @type {[Value, string | string[]][]} */ (Object.entries(options));
    setChildren(
      this.element,
      given.map(([value, words]) => this.buttons.of(value, value, [words].flat())),
    );
  }

  /** @param {Value | undefined} chosen */
  show(chosen) {
    for (const [value, button] of this.buttons.made) setAttribute(button, this.chosen, String(value === chosen));
  }
}

/**
 * A select with a label.
 *
 * @template {string} Value
 */
export class Select {
  /**
   * @param {string} label
   * @param {Record<Value, string>} options the words for each value
   * @param {(value: Value) => void} choose
   */
  constructor(label, options, choose) {
    /** @type {HTMLSelectElement} */
    this.select = h("select", {
      "aria-label": label,
      onchange: () => choose(/** @type {Value} */ (this.select.value)),
    });
    this.element = named(label, this.select);
    this.offered = new Once();
    this.offer(options);
  }

  /** @param {Record<Value, string>} options */
  offer(options) {
    const given = /** @type {[string, string][]} */ (Object.entries(options));
    this.offered.draw(given.flat(), () => {
      this.select.replaceChildren(...given.map(([value, text]) => h("option", { value, text })));
    });
  }

  /** @param {string} value */
  show(value) {
    this.select.value = value;
  }
}

/**
 * A slider.
 *
 * @param {string} label
 * @param {[number, number, number]} range least, most, step
 * @param {(value: number) => void} act
 */
export function slider(label, [min, max, step], act) {
  /** @type {HTMLInputElement} */
  const input = h("input", {
    type: "range",
    min,
    max,
    step,
    "aria-label": label,
    oninput: () => act(Number(input.value)),
  });
  return input;
}

/**
 * The slider for the size of the pictures, which every view with many of them has.
 *
 * @param {App} app
 */
export function sizeSlider(app) {
  return slider("Size of the pictures", [72, 320, 8], (size) => app.set({ size }));
}

/**
 * A name in front of a control.
 *
 * @param {string} name
 * @param {Element} control
 */
export function named(name, control) {
  return h("label", { class: "field" }, h("span", { class: "quiet", text: name }), control);
}
