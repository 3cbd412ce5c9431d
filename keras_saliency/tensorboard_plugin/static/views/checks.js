/** What the checks of a run said. */

import { h } from "../parts/dom.js";
import { Once } from "../parts/reuse.js";
import { epochWords, figure } from "../parts/words.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { CheckResult, Report } from "../data/source.js"
 * @import { App } from "../state/app.js"
 * @import { Shown } from "../state/selectors.js"
 */

const STATUSES = new Set(["passed", "warned", "failed", "skipped", "errored"]);

export class Checks {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.drawn = new Once();
    this.settled = true;
    this.element = h("section", { class: "view checks-view" });
  }

  /** @returns {Request[]} */
  needs() {
    return [];
  }

  /** @param {Shown} shown */
  update({ run }) {
    const checks = run && this.app.library.checks(run.run);
    if (!checks) return;
    this.drawn.draw([run.run, JSON.stringify(checks)], () => {
      const nothing = h("p", { class: "quiet nothing", text: "No checks were run in this run." });
      this.element.replaceChildren(...(checks.length ? checks.toReversed().map(report) : [nothing]));
    });
  }
}

/** @param {Report} report */
function report({ step, epoch, results, problem }) {
  return h(
    "article",
    { class: "report", "data-step": step },
    h("h3", { text: epoch === null ? `Step ${step}` : epochWords(epoch) }),
    problem ? h("p", { class: "problem", text: problem }) : null,
    h("table", {}, h("tbody", {}, ...results.map(row))),
  );
}

/** @param {CheckResult} result */
function row(result) {
  const status = STATUSES.has(result.status) ? result.status : "other";
  return h(
    "tr",
    { "data-status": result.status },
    h("td", {}, h("span", { class: `status ${status}`, text: result.status })),
    h("th", { scope: "row", text: result.name.replaceAll("_", " ") }),
    h("td", { text: result.sentence }),
    h("td", { class: "quiet measured", text: measured(result) }),
  );
}

/** @param {CheckResult} result */
function measured({ value, limit, direction }) {
  if (value === null || value === undefined) return "";
  if (limit === null || limit === undefined) return figure(value);
  return `${figure(value)} (${direction?.replaceAll("_", " ") ?? "limit"} ${figure(limit)})`;
}
