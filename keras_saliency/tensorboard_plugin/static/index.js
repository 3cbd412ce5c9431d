/** The page: TensorBoard calls `render` in an empty frame; the shell `index.html` does so elsewhere. */

import { createSource } from "./data/source.js";
import { Controls } from "./parts/controls.js";
import { h, setAttribute, setChildren } from "./parts/dom.js";
import { VIEW_KEYS, ownsKey, releaseFocus } from "./parts/keys.js";
import { Once } from "./parts/reuse.js";
import { loadStyle } from "./parts/style.js";
import { followTheme } from "./parts/theme.js";
import { Transport } from "./parts/transport.js";
import { Address } from "./state/address.js";
import { App } from "./state/app.js";
import { commonNeeds } from "./state/selectors.js";
import { Checks } from "./views/checks.js";
import { Compare } from "./views/compare.js";
import { Curves } from "./views/curves.js";
import { emptyPage } from "./views/empty.js";
import { Grid } from "./views/grid.js";
import { MissingPage } from "./views/missing.js";
import { ProbeView } from "./views/probe.js";
import { Strip } from "./views/strip.js";

/**
 * @import { Request } from "./data/library.js"
 * @import { Tab } from "./state/fields.js"
 * @import { Shown } from "./state/selectors.js"
 *
 * @typedef {object} PageView what is shown under a tab
 * @property {HTMLElement} element
 * @property {boolean} settled whether all that it can draw is drawn
 * @property {(shown: Shown) => Request[]} needs what it draws from
 * @property {(shown: Shown) => void} update draws what is there of it
 */

/** Builds the page into the document. */
export async function render() {
  const page = new Page();
  followTheme((dark) => page.app.themed(dark));
  const started = page.app.start();
  await loadStyle();
  document.body.append(page.element);
  page.update();
  await started;
}

class Page {
  constructor() {
    this.app = new App(createSource(), new Address(), () => this.update());
    const { app } = this;
    this.controls = new Controls(app);
    this.transport = new Transport(app);
    this.probe = new ProbeView(app);
    /** @type {Record<Tab, PageView>} */
    this.views = {
      grid: new Grid(app),
      probe: this.probe,
      strip: new Strip(app),
      compare: new Compare(app),
      curves: new Curves(app),
      checks: new Checks(app),
    };
    this.problems = h("div", { class: "problems", role: "status" });
    this.told = new Once();
    this.main = h("main");
    this.empty = emptyPage();
    this.loading = h("p", { class: "quiet nothing loading", text: "Reading the log …" });
    this.missing = new MissingPage(app);
    this.without = h("p", {
      class: "quiet nothing",
      text: "This run has no maps yet. They come with the first look, before the first update of the weights.",
    });
    this.element = h(
      "div",
      { class: "saliency" },
      this.controls.element,
      this.problems,
      this.main,
      this.transport.element,
    );
    this.wasShown = false;
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerup", () => setTimeout(() => releaseFocus(document))); // after the click
    window.addEventListener("resize", () => app.changed());
    document.documentElement.lang ||= "en";
  }

  update() {
    const { shown } = this.app;
    const isMissing = this.app.library.loaded && !this.nothing && this.missing.update(shown);
    const view = isMissing ? undefined : this.viewOf(shown);
    setAttribute(this.controls.element, "hidden", this.nothing);
    if (!this.nothing) this.controls.update(shown);
    this.transport.update(shown);
    this.updateProblems(shown);
    setChildren(this.main, [view?.element ?? (isMissing ? this.missing.element : this.instead())]);
    const busy = view ? this.draw(view, shown) : !this.app.library.loaded;
    setAttribute(this.main, "aria-busy", String(busy));
    if (!busy && !this.wasShown) {
      this.wasShown = true;
      performance.mark("saliency-shown"); // for the benchmark
    }
  }

  /** Whether no run has maps. */
  get nothing() {
    return this.app.library.runs.every((info) => Object.keys(info.methods).length === 0);
  }

  /**
   * The view of the tab, where there is something for it.
   *
   * @param {Shown} shown
   */
  viewOf({ state, method }) {
    const ready = this.app.library.loaded && !this.nothing;
    return ready && (method !== undefined || state.tab === "checks") ? this.views[state.tab] : undefined;
  }

  /** What stands in the place of a view. */
  instead() {
    const { loaded, trouble } = this.app.library;
    if (!loaded || (this.nothing && trouble !== null)) return this.loading;
    return this.nothing ? this.empty : this.without;
  }

  /**
   * Draws a view and asks for what it lacks; whether that is anything.
   *
   * @param {PageView} view
   * @param {Shown} shown
   */
  draw(view, shown) {
    view.update(shown);
    const needs = [...commonNeeds(shown), ...view.needs(shown)];
    this.app.ask(needs);
    return !view.settled || !needs.every((request) => this.app.library.has(request));
  }

  /** @param {Shown} shown */
  updateProblems({ run }) {
    const { library } = this.app;
    const gone = run?.gone ? ["This run is no longer in the log directory. What was loaded stays here."] : [];
    const all = [library.trouble, ...gone, ...(run?.problems ?? []), ...library.problems.values()];
    const problems = [...new Set(all.filter((problem) => problem !== null && problem !== ""))];
    this.told.draw(problems, () => {
      this.problems.replaceChildren(...problems.map((problem) => h("p", { class: "problem", text: problem })));
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || ownsKey(/** @type {Element} */ (event.target), key)) return;
    const act = this.actOf(key, event.repeat);
    if (!act) return;
    event.preventDefault();
    act();
  }

  /**
   * What a key does; undefined for one that does nothing.
   *
   * @param {string} key
   * @param {boolean} held whether it was down already
   * @returns {(() => void) | undefined}
   */
  actOf(key, held) {
    const { app, transport } = this;
    const view = VIEW_KEYS.get(key);
    if (view) return () => app.set({ view });
    const ofOneProbe = ["probe", "strip"].includes(app.state.tab);
    if (key === "ArrowLeft") return () => transport.move(-1);
    if (key === "ArrowRight") return () => transport.move(1);
    if (key === "Home") return () => transport.go(0);
    if (key === "End") return () => app.set({ step: "latest" });
    if (key === "Escape") return () => this.leave();
    if (key === " ") return () => held || transport.toggle();
    if (key === "p" && ofOneProbe) return () => this.probe.picker.move(-1);
    if (key === "n" && ofOneProbe) return () => this.probe.picker.move(1);
    return undefined;
  }

  /** Closes what is open, else goes back to the grid. */
  leave() {
    const open = this.element.querySelector("details[open]");
    if (open instanceof HTMLDetailsElement) open.open = false;
    else this.app.set({ tab: "grid" });
  }
}
