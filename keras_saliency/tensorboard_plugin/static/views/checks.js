/** What the checks of a run said at the look that the scrubber shows, what failed first, and a picture of all looks. */

import { h, setAttribute } from "../parts/dom.js";
import { CheckMatrix } from "../parts/matrix.js";
import { Once } from "../parts/reuse.js";
import { figure, reportWords, verdictWords } from "../parts/words.js";
import { SUBJECTS, matrixOf, reportShown, sections, subjectOf } from "../state/verdicts.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { CheckResult, Report } from "../data/source.js"
 * @import { Unit } from "../parts/words.js"
 * @import { App } from "../state/app.js"
 * @import { Shown } from "../state/selectors.js"
 */

const STATUSES = new Set(["passed", "warned", "failed", "skipped", "errored"]);

export class Checks {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.drawn = { matrix: new Once(), report: new Once() };
    this.settled = true;
    this.matrix = new CheckMatrix((step) => app.set({ step }));
    /** What the matrix shows. */
    this.cells = matrixOf([]);
    this.all = h("article", { class: "report all-looks" }, h("h3", { text: "All looks" }), this.matrix.element);
    this.report = h("article", { class: "report" });
    this.nothing = h("p", { class: "quiet nothing", text: "No checks were run in this run." });
    this.element = h("section", { class: "view checks-view" }, this.report, this.all, this.nothing);
  }

  /** @returns {Request[]} */
  needs() {
    return [];
  }

  /** @param {Shown} shown */
  update(shown) {
    const { run, unit } = shown;
    const reports = run && this.app.library.checks(run.run);
    if (!reports) return;
    this.drawn.matrix.draw([reports], () => (this.cells = matrixOf(reports)));
    const report = reportShown(reports, shown);
    setAttribute(this.nothing, "hidden", reports.length > 0);
    setAttribute(this.all, "hidden", reports.length === 0);
    setAttribute(this.report, "hidden", reports.length === 0);
    this.matrix.update(this.cells, report?.step);
    this.drawn.report.draw([report, unit], () => this.report.replaceChildren(...contentOf(report, unit)));
  }
}

/**
 * @param {Report | undefined} report
 * @param {Unit} unit
 */
function contentOf(report, unit) {
  if (!report) return [h("p", { class: "quiet", text: "No checks were made up to here." })];
  const { step, results, problem } = report;
  return [
    h("h3", { text: `${reportWords(report, unit)}: ${verdictWords(report)}`, "data-step": step }),
    problem ? h("p", { class: "problem", text: problem }) : "",
    ...sections(results).flatMap(([title, found]) => [
      h("h4", { text: `${title} (${found.length})` }),
      h("table", {}, h("tbody", {}, ...found.map(row))),
    ]),
  ];
}

/** @param {CheckResult} result */
function row(result) {
  const status = STATUSES.has(result.status) ? result.status : "other";
  return h(
    "tr",
    { "data-status": result.status, "data-about": subjectOf(result), title: SUBJECTS[subjectOf(result)] },
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
