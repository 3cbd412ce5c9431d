/** Keeping a probe in front: pinned ones come first wherever there are many. */

import { h, setAttribute, svg } from "./dom.js";

/** @import { App } from "../state/app.js" */

const SHAPE =
  "M9.500 1.500 14.500 6.500 13 8l-1-.3-2.600 2.600.1 2.700-1.200 1.200-3-3L2 14.500l-.5-.5 3.300-3.300-3-3L3 6.500l2.700.1L8.300 4 8 3z";

export class Pin {
  /**
   * @param {App} app
   * @param {() => number} probe
   */
  constructor(app, probe) {
    this.app = app;
    this.probe = probe;
    this.element = h(
      "button",
      { class: "icon pin", title: "Pin: keep this probe in front", "aria-label": "Pin", onclick: () => this.toggle() },
      svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: SHAPE })),
    );
  }

  toggle() {
    const [probe, { pinned }] = [this.probe(), this.app.state];
    this.app.set({ pinned: pinned.includes(probe) ? pinned.filter((other) => other !== probe) : [...pinned, probe] });
  }

  update() {
    const pinned = this.app.state.pinned.includes(this.probe());
    setAttribute(this.element, "aria-pressed", String(pinned));
    setAttribute(this.element, "title", pinned ? "Unpin" : "Pin: keep this probe in front");
  }
}
