/** The head of the first view: is it going well? */

import { h, setAttribute, setText } from "../parts/dom.js";
import { CheckMatrix } from "../parts/matrix.js";
import { Once } from "../parts/reuse.js";
import { SettingsPanel } from "../parts/settings.js";
import {
  agoWords,
  epochWords,
  figure,
  numberWords,
  reportWords,
  runWords,
  timeWords,
  verdictWords,
} from "../parts/words.js";
import { glanceAt } from "../state/glance.js";
import { failing, matrixOf, reportShown } from "../state/verdicts.js";

/**
 * @import { Probes } from "../data/probes.js"
 * @import { Series } from "../data/series.js"
 * @import { Report } from "../data/source.js"
 * @import { App } from "../state/app.js"
 * @import { Flip, Glance } from "../state/glance.js"
 * @import { Shown } from "../state/selectors.js"
 *
 * @typedef {[value: string, label: string]} Tile
 */

const MOST_FLIPS = 8;

export class Overview {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.tiles = h("dl", { class: "tiles" });
    this.settings = new SettingsPanel();
    this.flips = h("p", { class: "flips" });
    this.matrix = new CheckMatrix((step) => app.set({ step }));
    this.verdict = h("button", {
      class: "verdict-words",
      title: "Show the checks",
      onclick: () => app.set({ tab: "checks" }),
    });
    this.checks = h("div", { class: "glance-checks" }, this.verdict, this.matrix.element);
    this.drawn = { tiles: new Once(), flips: new Once(), matrix: new Once() };
    /** What the matrix shows. */
    this.cells = matrixOf([]);
    this.element = h(
      "section",
      { class: "glance", "aria-label": "How the training goes" },
      h(
        "div",
        { class: "glance-words" },
        h("div", { class: "glance-line" }, this.tiles, this.settings.element),
        this.flips,
      ),
      this.checks,
    );
  }

  /**
   * @param {Shown} shown
   * @param {Probes} probes
   * @param {Series} series
   */
  update(shown, probes, series) {
    const { run, step, epoch, unit } = shown;
    if (!run) return;
    const glance = glanceAt(probes, series, step);
    const when = epoch === undefined ? "" : epochWords(epoch, unit);
    this.updateTiles([[runWords(run.run), "run"], ...tilesOf(glance, series, when)]);
    this.settings.update(run.settings);
    this.updateFlips(glance.flips);
    this.updateChecks(this.app.library.checks(run.run) ?? [], shown);
  }

  /** @param {Tile[]} tiles */
  updateTiles(tiles) {
    this.drawn.tiles.draw(tiles.flat(), () => {
      this.tiles.replaceChildren(
        ...tiles.map(([value, label]) =>
          h("div", {}, h("dd", { text: value, title: value }), h("dt", { text: label })),
        ),
      );
    });
  }

  /** @param {Flip[] | null} flips */
  updateFlips(flips) {
    setAttribute(this.flips, "hidden", flips === null);
    if (flips === null) return;
    this.drawn.flips.draw([flips.map(({ probe, from, to }) => [probe, from, to]).join("\u0000")], () => {
      const more = flips.length - MOST_FLIPS;
      this.flips.replaceChildren(
        h("span", { class: "quiet", text: flipsWords(flips.length) }),
        ...flips.slice(0, MOST_FLIPS).map((flip) => this.flip(flip)),
        more > 0 ? h("span", { class: "quiet", text: `and ${more} more` }) : "",
      );
    });
  }

  /** @param {Flip} flip */
  flip({ probe, name, from, to, wrong }) {
    const turn = wrong === null ? "" : wrong ? "wrong" : "right";
    return h(
      "button",
      {
        class: `chip flip ${turn}`,
        "data-probe": probe,
        title: `${name}: the model said ${from} and says ${to} now${turn && `, which is ${turn}`}. Open this probe.`,
        onclick: () => this.app.set({ tab: "probe", probe }),
      },
      h("span", { class: "name", text: name }),
      h("span", { class: "turn", text: `${from} → ${to}${wrong === null ? "" : wrong ? " ✗" : " ✓"}` }),
    );
  }

  /**
   * @param {Report[]} reports
   * @param {Shown} shown
   */
  updateChecks(reports, shown) {
    setAttribute(this.checks, "hidden", reports.length === 0);
    if (!reports.length) return;
    this.drawn.matrix.draw([reports], () => (this.cells = matrixOf(reports)));
    const report = reportShown(reports, shown);
    setText(
      this.verdict,
      report ? `${reportWords(report, shown.unit)}: ${verdictWords(report)}` : "No checks were made up to here.",
    );
    this.verdict.classList.toggle("failing", failing(report) > 0);
    this.matrix.update(this.cells, report?.step);
  }
}

/**
 * @param {Glance} glance
 * @param {Series} series
 * @param {string} when the shown look was taken
 * @returns {Tile[]}
 */
function tilesOf({ done, planned, time, right, said }, series, when) {
  const ago = time === null ? "" : agoWords(Date.now() / 1000 - time);
  /** @type {Tile[]} */
  const tiles = [doneTile(done, planned, series)];
  if (time !== null) tiles.push([ago || timeWords(time), ago ? `last look, ${timeWords(time)}` : "last look"]);
  if (right) tiles.push([`${right[0]} of ${right[1]}`, `right, ${when}`]);
  for (const values of said)
    tiles.push([
      values.map(([, value]) => figure(value)).join(" / "),
      values.map(([name]) => numberWords(name)).join(" / "),
    ]);
  return tiles;
}

/**
 * @param {number | null} done
 * @param {number | null} planned
 * @param {Series} series
 * @returns {Tile}
 */
function doneTile(done, planned, { steps }) {
  const plan = planned === null ? "" : `, ${planned} epochs planned`;
  if (done === null) return [`step ${steps.at(-1) ?? 0}`, `newest look${plan}`];
  return planned === null
    ? [String(done), done === 1 ? "epoch done" : "epochs done"]
    : [`${done} of ${planned}`, "epochs"];
}

/** @param {number} count */
function flipsWords(count) {
  if (count === 0) return "No prediction flipped since the look before.";
  return count === 1
    ? "1 prediction flipped since the look before:"
    : `${count} predictions flipped since the look before:`;
}
