/** What checks found, picked for a step and for a picture of all steps. */

/**
 * @import { CheckResult, Report } from "../data/source.js"
 * @import { Shown } from "./selectors.js"
 *
 * @typedef {object} Column of the matrix: one look, or several where there are very many
 * @property {number} step of the last of them
 * @property {number | null} epoch
 *
 * @typedef {object} Row of the matrix
 * @property {string} name of the check
 * @property {(string | null)[]} statuses a column each, the worst of its looks; null where the check was not made
 * @property {(number | null)[]} steps of the first look with that status
 * @property {number} failures at how many looks it failed or could not be made
 * @property {number} looks at how many looks it was made
 *
 * @typedef {{ columns: Column[], rows: Row[], first: Column | undefined }} Matrix `first` is the first look
 */

const MOST_COLUMNS = 200;
const WORST_FIRST = ["failed", "errored", "warned", "skipped", "passed"];

/** What a verdict may be about, and how that is called; logs of older versions do not say it. */
export const SUBJECTS = {
  model: "About the model",
  maps: "About the maps",
  unknown: "About what, this log does not say",
};

/** @param {{ status: string }} result */
export function fails({ status }) {
  return status === "failed" || status === "errored";
}

/**
 * How many checks failed, or could not be made.
 *
 * @param {Report | undefined} report
 */
export function failing(report) {
  return report?.results.filter(fails).length ?? 0;
}

/**
 * The report for a step: that of the last look up to there at which there were checks; for "latest" the newest.
 *
 * @param {Report[]} reports by step
 * @param {number | "latest"} step
 */
export function reportAt(reports, step) {
  return step === "latest" ? reports.at(-1) : reports.findLast((report) => report.step <= step);
}

/**
 * The report for what is shown; at the newest look the newest report, also where it was made later.
 *
 * @param {Report[]} reports by step
 * @param {Pick<Shown, "state" | "series" | "step">} shown
 */
export function reportShown(reports, { state, series, step }) {
  const newest = state.step === "latest" || step === undefined || step === series?.timeline.at(-1);
  return reportAt(reports, newest ? "latest" : step);
}

/**
 * The results as a person reads them: what failed first, then the others by what they are about.
 *
 * @param {CheckResult[]} results
 * @returns {[title: string, results: CheckResult[]][]}
 */
export function sections(results) {
  const [failed, others] = [results.filter(fails), results.filter((result) => !fails(result))];
  /** @type {[string, CheckResult[]][]} */
  const all = [["Failed", failed.sort(worst)]];
  for (const [about, title] of Object.entries(SUBJECTS))
    all.push([title, others.filter((result) => subjectOf(result) === about).sort(worst)]);
  return all.filter(([, found]) => found.length);
}

/**
 * What a verdict is about.
 *
 * @param {CheckResult} result
 * @returns {keyof typeof SUBJECTS}
 */
export function subjectOf({ about }) {
  return about === "model" || about === "maps" ? about : "unknown";
}

/**
 * Every check at every look; the checks that failed most come first.
 *
 * @param {Report[]} reports by step
 * @returns {Matrix}
 */
export function matrixOf(reports) {
  const every = Math.ceil(reports.length / MOST_COLUMNS) || 1;
  const groups = Array.from({ length: Math.ceil(reports.length / every) }, (_, at) =>
    reports.slice(at * every, (at + 1) * every),
  );
  /** @type {Map<string, Row>} */
  const rows = new Map();
  const none = () => groups.map(() => null);
  for (const [place, { step, results }] of reports.entries())
    for (const { name, status } of results) {
      const at = Math.floor(place / every);
      const row = rows.get(name) ?? { name, statuses: none(), steps: none(), failures: 0, looks: 0 };
      rows.set(name, row);
      const known = row.statuses[at];
      if (known === null || rank(status) < rank(known)) [row.statuses[at], row.steps[at]] = [status, step];
      row.failures += Number(fails({ status }));
      row.looks++;
    }
  return {
    first: reports[0],
    columns: groups.map((group) => ({ step: group[group.length - 1].step, epoch: group[group.length - 1].epoch })),
    rows: [...rows.values()].sort((a, b) => b.failures - a.failures),
  };
}

/**
 * @param {CheckResult} a
 * @param {CheckResult} b
 */
function worst(a, b) {
  return rank(a.status) - rank(b.status);
}

/** @param {string} status */
function rank(status) {
  const at = WORST_FIRST.indexOf(status);
  return at < 0 ? WORST_FIRST.length : at;
}
