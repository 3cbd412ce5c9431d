/** What is chosen above the pictures: the view, the method, and how maps are shown. */

import { methodsOf } from "./app.js";
import { colormapNames, fittingColormap, palette } from "./colormaps.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { VIEWS } from "./maps.js";
import { VIEW_WORDS, runWords } from "./words.js";

const TABS = {
  grid: "Grid",
  probe: "Probe",
  strip: "Film strip",
  compare: "Compare",
  curves: "Curves",
  checks: "Checks",
};
const WITH_MAPS = ["grid", "probe", "strip", "compare"];

/** A row of buttons of which one is chosen; `options` maps values to words or to [words, explanation]. */
export class Choice {
  constructor(label, options, choose, kind = "segments") {
    this.choose = choose;
    this.kind = kind;
    this.buttons = new Map();
    this.element = h("div", { class: kind, role: kind === "tabs" ? "tablist" : "group", "aria-label": label });
    this.offer(options);
  }

  offer(options) {
    for (const [value, words] of Object.entries(options)) {
      if (this.buttons.has(value)) continue;
      const [text, title] = Array.isArray(words) ? words : [words];
      this.buttons.set(
        value,
        h("button", {
          role: this.kind === "tabs" ? "tab" : null,
          "data-value": value,
          text,
          title,
          onclick: () => this.choose(value),
        }),
      );
    }
    setChildren(
      this.element,
      Object.keys(options).map((value) => this.buttons.get(value)),
    );
  }

  show(chosen) {
    const state = this.kind === "tabs" ? "aria-selected" : "aria-pressed";
    for (const [value, button] of this.buttons) setAttribute(button, state, String(value === chosen));
  }
}

/** A select with a label; `options` maps values to words. */
export class Select {
  constructor(label, options, choose) {
    this.select = h("select", { "aria-label": label, onchange: () => choose(this.select.value) });
    this.element = named(label, this.select);
    this.offer(options);
  }

  offer(options) {
    const key = JSON.stringify(options);
    if (key === this.key) return;
    this.key = key;
    this.select.replaceChildren(...Object.entries(options).map(([value, text]) => h("option", { value, text })));
  }

  show(value) {
    this.select.value = value;
  }
}

/** A slider: `[least, most, step]`, and what to do with a new value. */
export function slider(label, [min, max, step], act) {
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

/** The slider for the size of the pictures, which every view with many of them has. */
export function sizeSlider(app) {
  return slider("Size of the pictures", [72, 320, 8], (size) => app.set({ size }));
}

/** A name in front of a control. */
export function named(name, control) {
  return h("label", { class: "field" }, h("span", { class: "quiet", text: name }), control);
}

export class Controls {
  constructor(app) {
    this.app = app;
    const set = (name) => (value) => app.set({ [name]: value });
    this.tabs = new Choice("What to see", TABS, set("tab"), "tabs");
    this.run = new Select("Run", {}, set("run"));
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
      h("div", { class: "top" }, this.tabs.element, h("span", { class: "grow" }), this.run.element, keys(), this.copy),
      this.methodBar,
      this.bar,
    );
  }

  update() {
    const { app } = this;
    const { state } = app;
    const hasChecks = state.tab === "checks" || (app.run && app.checks(app.run.run)?.length > 0);
    this.tabs.offer(hasChecks ? TABS : Object.fromEntries(Object.entries(TABS).filter(([tab]) => tab !== "checks")));
    this.tabs.show(state.tab);
    this.run.offer(
      Object.fromEntries(app.runs.map((info) => [info.run, runWords(info.run) + (info.gone ? " (gone)" : "")])),
    );
    this.run.show(app.run?.run ?? "");
    const withMaps = WITH_MAPS.includes(state.tab);
    setAttribute(this.run.element, "hidden", state.tab === "compare" || app.runs.length === 0);
    const ownColumns = state.tab === "compare" && app.chosenColumns.length > 0;
    setAttribute(this.methodBar, "hidden", state.tab === "checks" || state.tab === "probe" || ownColumns);
    this.methods.offer(Object.fromEntries(methodsOf(app.run).map((method) => [method, method])));
    this.methods.show(app.method);
    setAttribute(this.bar, "hidden", !withMaps);
    if (withMaps) this.updateBar(state, app);
  }

  updateBar(state, app) {
    const pictures = app.run?.has_pictures ?? false;
    const changes = state.tab === "strip" && state.against !== "none";
    const view = changes ? "signed" : state.view;
    this.views.show(state.view);
    this.layers.show(pictures ? state.layer : "map");
    setAttribute(this.views.element, "hidden", changes);
    setAttribute(this.layers.element, "hidden", !pictures || changes);
    setAttribute(this.opacityField, "hidden", !pictures || changes || state.layer !== "overlay");
    this.opacity.value = state.opacity;
    this.colours.offer(Object.fromEntries(colormapNames(view).map((name) => [name, name])));
    this.colours.show(fittingColormap(view, state.colours));
    this.scale.show(state.scale);
    setAttribute(this.outlinesField, "hidden", !app.run?.regions?.length);
    this.outlines.checked = state.outlines === "on";
    this.legend.update(view, state, changes);
  }

  async copyLink() {
    try {
      await navigator.clipboard.writeText(this.app.store.link);
      this.say("Copied");
    } catch {
      this.say("Copy the address above");
    }
  }

  say(words) {
    setText(this.copy, words);
    setTimeout(() => setText(this.copy, "Copy link"), 1600);
  }
}

/** The colours, and what they stand for. */
class Legend {
  constructor() {
    this.bar = h("canvas", { class: "legend-bar", height: 1 });
    this.low = h("span", { class: "quiet" });
    this.high = h("span", { class: "quiet" });
    this.element = h("div", { class: "legend" }, this.low, this.bar, this.high);
  }

  update(view, state, changes) {
    const { rows } = palette(view, state.colours);
    const key = `${view} ${fittingColormap(view, state.colours)}`;
    if (key !== this.key) {
      this.key = key;
      this.bar.width = rows.length;
      const context = this.bar.getContext("2d");
      rows.forEach(([red, green, blue], at) => {
        context.fillStyle = `rgb(${red} ${green} ${blue})`;
        context.fillRect(at, 0, 1, 1);
      });
    }
    setText(this.low, changes ? "less than then" : view === "signed" ? "lowers" : "0");
    setText(this.high, changes ? "more" : view === "signed" ? "raises" : state.scale === "time" ? "most ever" : "most");
    setAttribute(
      this.element,
      "title",
      state.scale === "time"
        ? "Each probe's maps are divided by the largest value that they have at any epoch."
        : "Each map is divided by its own 99.5 % quantile of |map| (by its maximum where that is 0). Positive and negative share the magnitude's.",
    );
  }
}

/** The views a map can have, for the keys 1 to 4. */
export const VIEW_KEYS = Object.fromEntries(VIEWS.map((view, at) => [String(at + 1), view]));

const KEYS = {
  "← →": "one look back, one on",
  "Home End": "the first look, the newest",
  Space: "play, stop",
  "1 2 3 4": "magnitude, positive, negative, signed",
  "N P": "the next probe, the one before",
  Escape: "back to the grid",
};

function keys() {
  const rows = Object.entries(KEYS).flatMap(([key, words]) => [h("dt", { text: key }), h("dd", { text: words })]);
  return h("details", { class: "keys" }, h("summary", { class: "chip", text: "Keys" }), h("dl", {}, ...rows));
}
