/** What the checks of a run said. */

import { h } from "./dom.js";
import { epochWords, figure } from "./words.js";

export class Checks {
  constructor(app) {
    this.app = app;
    this.element = h("section", { class: "view checks-view" });
  }

  update() {
    const checks = this.app.checks(this.app.run.run);
    const key = JSON.stringify([this.app.run.run, checks]);
    if (key === this.key) return;
    this.key = key;
    if (!checks) return;
    this.element.replaceChildren(
      ...(checks.length
        ? checks.toReversed().map(report)
        : [h("p", { class: "quiet nothing", text: "No checks were run in this run." })]),
    );
  }
}

function report({ step, epoch, results, problem }) {
  return h(
    "article",
    { class: "report", "data-step": step },
    h("h3", { text: epoch === null || epoch === undefined ? `Step ${step}` : epochWords(epoch) }),
    problem ? h("p", { class: "problem", text: problem }) : null,
    h(
      "table",
      {},
      h(
        "tbody",
        {},
        ...results.map((result) =>
          h(
            "tr",
            { "data-status": result.status },
            h(
              "td",
              {},
              h("span", {
                class: `status ${STATUSES.has(result.status) ? result.status : "other"}`,
                text: result.status,
              }),
            ),
            h("th", { scope: "row", text: result.name.replaceAll("_", " ") }),
            h("td", { text: result.sentence }),
            h("td", { class: "quiet measured", text: measured(result) }),
          ),
        ),
      ),
    ),
  );
}

const STATUSES = new Set(["passed", "warned", "failed", "skipped", "errored"]);

function measured({ value, limit, direction }) {
  if (value === null || value === undefined) return "";
  if (limit === null || limit === undefined) return figure(value);
  return `${figure(value)} (${direction?.replaceAll("_", " ") ?? "limit"} ${figure(limit)})`;
}
