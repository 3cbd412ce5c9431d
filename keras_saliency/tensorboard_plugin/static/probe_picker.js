/** Choosing one probe: by name, or the one before and after. */

import { Select } from "./controls.js";
import { h } from "./dom.js";

export class ProbePicker {
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

  move(by) {
    const count = this.app.count;
    if (count) this.app.set({ probe: (this.app.probe + by + count) % count });
  }

  update(probes) {
    this.select.offer(
      Object.fromEntries(
        Array.from({ length: this.app.count }, (_, probe) => [probe, `${probe + 1}. ${probes.name(probe)}`]),
      ),
    );
    this.select.show(String(this.app.probe));
  }
}
