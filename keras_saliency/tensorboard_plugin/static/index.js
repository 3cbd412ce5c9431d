/** The page: TensorBoard calls `render` in an empty frame; the shell `index.html` does so elsewhere. */

import { App } from "./app.js";
import { Checks } from "./checks.js";
import { Compare } from "./compare.js";
import { Controls, VIEW_KEYS } from "./controls.js";
import { Curves } from "./curves.js";
import { createSource } from "./data.js";
import { h, setAttribute, setChildren } from "./dom.js";
import { emptyPage } from "./empty.js";
import { Grid } from "./grid.js";
import { ProbeView } from "./probe.js";
import { State } from "./state.js";
import { Strip } from "./strip.js";
import { loadStyle } from "./style.js";
import { followTheme } from "./theme.js";
import { Transport } from "./transport.js";

/** Builds the page into the document. */
export async function render() {
  const page = new Page();
  followTheme(() => page.app.changed());
  const started = page.app.start();
  await loadStyle();
  document.body.append(page.element);
  page.update();
  await started;
}

class Page {
  constructor() {
    this.app = new App(createSource(), new State(), () => this.update());
    const { app } = this;
    this.controls = new Controls(app);
    this.transport = new Transport(app);
    this.views = {
      grid: new Grid(app),
      probe: new ProbeView(app),
      strip: new Strip(app),
      compare: new Compare(app),
      curves: new Curves(app),
      checks: new Checks(app),
    };
    this.problems = h("div", { class: "problems", role: "status" });
    this.main = h("main");
    this.empty = emptyPage();
    this.loading = h("p", { class: "quiet nothing loading", text: "Reading the log …" });
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
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("resize", () => app.changed());
    document.documentElement.lang ||= "en";
  }

  update() {
    const { app } = this;
    const nothing = app.runs.every((info) => Object.keys(info.methods).length === 0);
    this.controls.update();
    this.transport.update();
    setAttribute(this.controls.element, "hidden", nothing);
    this.updateProblems();
    const view = this.views[app.state.tab];
    const withMaps = app.method !== undefined || app.state.tab === "checks";
    setChildren(this.main, [
      !app.loaded
        ? this.loading
        : nothing
          ? app.trouble
            ? this.loading
            : this.empty
          : withMaps
            ? view.element
            : this.without,
    ]);
    app.missed = !app.loaded;
    if (app.loaded && !nothing && withMaps) {
      view.update();
      app.prefetch();
    }
    setAttribute(this.main, "aria-busy", String(app.missed));
    if (!app.missed && !this.shown) {
      this.shown = true;
      performance.mark("saliency-shown"); // for the benchmark
    }
  }

  updateProblems() {
    const { app } = this;
    const gone = app.run?.gone ? ["This run is no longer in the log directory. What was loaded stays here."] : [];
    const problems = [app.trouble, ...gone, ...(app.run?.problems ?? []), ...app.problems.values()].filter(Boolean);
    const key = JSON.stringify(problems);
    if (key === this.problemsKey) return;
    this.problemsKey = key;
    this.problems.replaceChildren(
      ...[...new Set(problems)].map((problem) => h("p", { class: "problem", text: problem })),
    );
  }

  key(event) {
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { app, transport } = this;
    const acts = {
      ArrowLeft: () => transport.move(-1),
      ArrowRight: () => transport.move(1),
      Home: () => transport.go(0),
      End: () => app.set({ step: "latest" }),
      Escape: () => this.leave(),
      " ": event.target.closest("button, a") ? null : () => transport.toggle(),
      ...(["probe", "strip"].includes(app.state.tab) ? { p: () => this.turn(-1), n: () => this.turn(1) } : {}),
    };
    const act = acts[event.key] ?? (VIEW_KEYS[event.key] && (() => app.set({ view: VIEW_KEYS[event.key] })));
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Closes what is open, else goes back to the grid. */
  leave() {
    const open = this.element.querySelector("details[open]");
    if (open) open.open = false;
    else this.app.set({ tab: "grid" });
  }

  turn(by) {
    this.views.probe.picker.move(by);
  }
}
