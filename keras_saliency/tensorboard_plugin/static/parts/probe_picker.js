/** Choosing one probe: by name, or the one before and after. */

import { h } from "./dom.js";
import { Select } from "./inputs.js";

/**
 * @import { Probes } from "../data/probes.js"
 * @import { App } from "../state/app.js"
 */

export class ProbePicker {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.select = new Select("Probe", {}, (probe) => app.set({ probe: Number(probe) }));
    this.element = h(
      "div",
      { class: "picker" },
      h("button", {
        class: "icon",
        text: "‹",
        title: "The probe before (P)",
        "aria-label": "The probe before",
        onclick: () => this.move(-1),
      }),
      this.select.element,
      h("button", {
        class: "icon",
        text: "›",
        title: "The next probe (N)",
        "aria-label": "The next probe",
        onclick: () => this.move(1),
      }),
    );
  }

  /** @param {number} by */
  move(by) {
    const { count, probe } = this.app.shown;
    if (count) this.app.set({ probe: (probe + by + count) % count });
  }

  /** @param {Probes} probes */
  update(probes) {
    const { count, probe } = this.app.shown;
    this.select.offer(
      Object.fromEntries(Array.from({ length: count }, (_, at) => [at, `${at + 1}. ${probes.name(at)}`])),
    );
    this.select.show(String(probe));
  }
}
