/** What is chosen above the pictures: the view, the method, and how maps are shown. */

import { methodsOf } from "../state/selectors.js";
import { failing } from "../state/verdicts.js";
import { h, setAttribute, setText } from "./dom.js";
import { Choice, Select, named, slider } from "./inputs.js";
import { keysHelp } from "./keys.js";
import { Legend } from "./legend.js";
import { SaveButton, fileName, pictureOf } from "./save.js";
import { VIEW_WORDS, epochWords, runWords } from "./words.js";

/**
 * @import { RunInfo } from "../data/source.js"
 * @import { App } from "../state/app.js"
 * @import { State, Tab } from "../state/fields.js"
 * @import { Shown } from "../state/selectors.js"
 */

/** @type {Record<Tab, string>} */
const TABS = {
  grid: "Grid",
  probe: "Probe",
  strip: "Film strip",
  compare: "Compare",
  curves: "Curves",
  checks: "Checks",
};
/** @type {Tab[]} */
const WITH_MAPS = ["grid", "probe", "strip", "compare"];

export class Controls {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {<Name extends keyof State>(name: Name) => (value: State[Name]) => void} */
    const set = (name) => (value) => app.set({ [name]: value });
    this.tabs = new Choice("What to see", TABS, set("tab"), "tabs");
    this.badge = h("span", { class: "badge" });
    this.run = new Select("Run", {}, (run) => {
      const has = methodsOf(app.library.info(run)).includes(app.state.method);
      app.set({ run, method: has ? app.state.method : "" });
    });
    this.methods = new Choice("Method", {}, set("method"), "segments methods");
    this.views = new Choice("View of the maps", VIEW_WORDS, set("view"));
    this.layers = new Choice(
      "Layers",
      {
        overlay: ["Overlay", "The map over the greyed image; the stronger, the more opaque."],
        map: ["Map", "The map alone."],
        image: ["Image", "The image alone."],
      },
      set("layer"),
    );
    this.opacity = slider("Opacity of the map", [0, 1, 0.05], set("opacity"));
    this.opacityField = named("Opacity", this.opacity);
    this.colours = new Select("Colours", {}, set("colours"));
    this.scale = new Select("Scale", { map: "each map", time: "over time" }, set("scale"));
    /** @type {HTMLInputElement} */
    this.outlines = h("input", {
      type: "checkbox",
      onchange: () => app.set({ outlines: this.outlines.checked ? "on" : "off" }),
    });
    this.outlinesField = h("label", { class: "field tick" }, this.outlines, h("span", { text: "Regions" }));
    this.legend = new Legend();
    this.copy = h("button", {
      class: "chip",
      text: "Copy link",
      title: "A link that shows exactly this",
      onclick: () => this.copyLink(),
    });
    this.save = new SaveButton("Save PNG", "What is seen here, as a picture", () => this.picture());
    this.bar = h(
      "div",
      { class: "bar" },
      this.views.element,
      this.layers.element,
      this.opacityField,
      this.colours.element,
      this.scale.element,
      this.outlinesField,
      this.legend.element,
    );
    this.methodBar = h(
      "div",
      { class: "bar method-bar" },
      h("span", { class: "quiet bar-name", text: "Method" }),
      this.methods.element,
    );
    this.element = h(
      "header",
      { class: "controls" },
      h(
        "div",
        { class: "top" },
        this.tabs.element,
        h("span", { class: "grow" }),
        this.run.element,
        keysHelp(),
        this.copy,
        this.save.element,
      ),
      this.methodBar,
      this.bar,
    );
  }

  /** @param {Shown} shown */
  update({ state, run, method }) {
    const { app } = this;
    const { runs } = app.library;
    const { checks, ...others } = TABS;
    const reports = run && app.library.checks(run.run);
    const hasChecks = state.tab === "checks" || reports?.length;
    this.tabs.offer(hasChecks ? { ...others, checks } : others);
    this.tabs.show(state.tab);
    this.updateBadge(failing(reports?.at(-1)));
    this.run.offer(
      Object.fromEntries(runs.map((info) => [info.run, runWords(info.run) + (info.gone ? " (gone)" : "")])),
    );
    this.run.show(run?.run ?? "");
    const withMaps = WITH_MAPS.includes(state.tab);
    setAttribute(this.run.element, "hidden", (state.tab === "compare" && run !== undefined) || runs.length === 0);
    const ownColumns = state.tab === "compare" && state.columns.length > 0;
    const needless = state.tab === "checks" || ((state.tab === "probe" || ownColumns) && method !== undefined);
    setAttribute(this.methodBar, "hidden", needless || run === undefined);
    this.methods.offer(Object.fromEntries(methodsOf(run).map((name) => [name, name])));
    this.methods.show(method);
    setAttribute(this.bar, "hidden", !withMaps || run === undefined);
    if (withMaps) this.updateBar(state, run);
  }

  /**
   * How many checks fail now, on the name of their view.
   *
   * @param {number} failed
   */
  updateBadge(failed) {
    setText(this.badge, failed ? String(failed) : "");
    setAttribute(
      this.badge,
      "title",
      failed === 1 ? "A check fails at the newest look." : `${failed} checks fail at the newest look.`,
    );
    const button = this.tabs.buttons.made.get("checks");
    if (button && this.badge.parentElement !== button) button.append(this.badge);
  }

  /**
   * @param {State} state
   * @param {RunInfo | undefined} run
   */
  updateBar(state, run) {
    const pictures = run?.has_pictures ?? false;
    const changes = state.tab === "strip" && state.against !== "none";
    const view = changes ? "signed" : state.view;
    const palette = this.app.palette(view);
    this.views.show(state.view);
    this.layers.show(pictures ? state.layer : "map");
    setAttribute(this.views.element, "hidden", changes);
    setAttribute(this.layers.element, "hidden", !pictures || changes);
    setAttribute(this.opacityField, "hidden", !pictures || changes || state.layer !== "overlay");
    this.opacity.value = String(state.opacity);
    this.colours.offer(Object.fromEntries(this.app.colormaps.names(view).map((name) => [name, name])));
    this.colours.show(palette.name);
    this.scale.show(state.scale);
    setAttribute(this.outlinesField, "hidden", !run?.regions.length);
    this.outlines.checked = state.outlines === "on";
    this.legend.update(view, palette, state.scale, changes);
  }

  /**
   * The view under the words that say what it shows and under its colours, as a file with its name.
   *
   * @returns {Promise<[Blob, string]>}
   */
  async picture() {
    const { state, run, method, epoch, unit } = this.app.shown;
    const view = document.querySelector("main > .view");
    if (!(view instanceof HTMLElement)) throw new Error("There is nothing to save yet.");
    const withMaps = WITH_MAPS.includes(state.tab);
    const when = epoch === undefined ? "" : epochWords(epoch, unit);
    const what = [run && runWords(run.run), method, when, withMaps && VIEW_WORDS[state.view][0]];
    const heading = [h("b", { text: what.filter(Boolean).join(" · ") }), ...(withMaps ? [this.legend.element] : [])];
    const name = fileName([run?.run, method, state.tab, when], "png");
    return [await pictureOf(view, heading), name];
  }

  async copyLink() {
    try {
      await navigator.clipboard.writeText(this.app.store.link);
      this.say("Copied");
    } catch {
      this.say("Copy the address above");
    }
  }

  /** @param {string} words */
  say(words) {
    setText(this.copy, words);
    setTimeout(() => setText(this.copy, "Copy link"), 1600);
  }
}
