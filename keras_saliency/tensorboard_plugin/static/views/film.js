/** The frames of a film strip: what each shows, and all of them as one animated GIF. */

import { Cell, lookAt } from "../parts/cell.js";
import { h } from "../parts/dom.js";
import { Colours, Gif } from "../parts/gif.js";
import { fileName } from "../parts/save.js";
import { epochWords, saidOf } from "../parts/words.js";
import { factOf } from "../state/order.js";

/**
 * @import { Request } from "../data/library.js"
 * @import { Probes } from "../data/probes.js"
 * @import { Series } from "../data/series.js"
 * @import { App } from "../state/app.js"
 * @import { State } from "../state/fields.js"
 * @import { Shown } from "../state/selectors.js"
 *
 * @typedef {object} Film
 * @property {Shown} shown
 * @property {Probes} probes
 * @property {Series} series
 * @property {number[]} steps
 */

const SIDE = 320;
const LINE = 20;
const SAMPLES = 16; // frames that the colours are chosen from
const LAST = 1.5; // seconds more of the last frame

/**
 * The step that a frame is compared with; undefined for the first.
 *
 * @param {number} step
 * @param {Series} series
 * @param {State["against"]} against
 */
export function referenceOf(step, series, against) {
  if (against === "none") return undefined;
  const first = against === "first" ? series.steps[0] : series.timeline[series.timeline.indexOf(step) - 1];
  return first === step ? undefined : first;
}

/**
 * Draws what a frame shows, as far as its maps are there.
 *
 * @param {App} app
 * @param {Cell} cell
 * @param {number} step
 * @param {Pick<Film, "shown" | "probes" | "series">} film
 */
export function drawFrame(app, cell, step, { shown: { state, run, method, probe }, probes, series }) {
  if (!run || method === undefined) return;
  const change = state.against !== "none";
  const view = change ? "signed" : state.view;
  const look = (/** @type {number} */ at) => lookAt(app, run.run, method, at, probe, view);
  cell.showProbe(probes, probe, change ? { ...state, layer: "map" } : state);
  const reference = referenceOf(step, series, state.against);
  if (!change) cell.showMap(look(step), probe, state, app.palette(view));
  else if (reference === undefined) cell.showNothing("first look");
  else cell.showChange(look(step), look(reference), probe, app.palette(view));
}

/**
 * All frames as a GIF, and its name.
 *
 * @param {App} app
 * @param {Film | null} film
 * @param {(words: string) => void} say told how far it is
 * @returns {Promise<[Blob, string]>}
 */
export async function filmFile(app, film, say) {
  if (!film) throw new Error("There is no film strip yet.");
  const { run, method, probe } = film.shown;
  return [await gifOf(app, film, say), fileName([run?.run, method, film.probes.name(probe)], "gif")];
}

/**
 * @param {App} shared
 * @param {Film} film
 * @param {(words: string) => void} say
 */
async function gifOf(shared, film, say) {
  /** What was chosen when it began, whatever is chosen meanwhile. @type {App} */
  const app = Object.create(shared, { state: { value: film.shown.state } });
  const { steps, probes } = film;
  const [width, height] = [SIDE, Math.round(SIDE / probes.aspect) + 2 * LINE];
  const canvas = h("canvas", { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const cell = new Cell();
  const draw = async (/** @type {number} */ step) => {
    await mapsOf(app, step, film);
    drawFrame(app, cell, step, film);
    context.fillStyle = colour("--well");
    context.fillRect(0, 0, width, height);
    cell.paint(context, width, height - 2 * LINE);
    caption(context, step, film);
    return context.getImageData(0, 0, width, height).data;
  };
  const colours = new Colours();
  const every = Math.ceil(steps.length / SAMPLES);
  for (const step of steps.filter((_, at) => at % every === 0)) colours.count(await draw(step));
  colours.choose();
  const gif = new Gif(width, height, colours.rows);
  for (const [at, step] of steps.entries()) {
    say(`${at + 1} of ${steps.length}`);
    const pause = at === steps.length - 1 ? LAST : 0;
    gif.add(colours.indices(await draw(step)), 1 / app.state.speed + pause);
  }
  return gif.blob();
}

/**
 * Waits until the maps of a frame are there, and lets the page breathe.
 *
 * @param {App} app
 * @param {number} step
 * @param {Film} film
 */
async function mapsOf({ library }, step, { shown: { state, run, method }, series }) {
  const steps = [step, referenceOf(step, series, state.against)].filter((at) => at !== undefined);
  const requests = steps.map((at) => /** @type {Request} */ (["maps", run?.run, method, at]));
  do {
    library.ask(requests);
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (!requests.every((request) => library.has(request)));
}

/**
 * Below the picture: the probe and its label, when it was, and what the model said.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} step
 * @param {Film} film
 */
function caption(context, step, { shown: { probe, unit }, probes, series }) {
  const { width, height } = context.canvas;
  const fact = factOf(probes, series, step, probe);
  const epoch = series.epochOf(step);
  const lines = [
    [fact.name, fact.labelWords === null ? "" : `label ${fact.labelWords}`],
    [epoch === undefined ? `step ${step}` : epochWords(epoch, unit), saidOf(fact)],
  ];
  context.fillStyle = colour("--surface");
  context.fillRect(0, height - 2 * LINE, width, 2 * LINE);
  context.font = "13px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const [at, words] of lines.entries()) {
    context.fillStyle = colour(at === 1 && fact.wrong === true ? "--wrong" : "--text");
    const text = words.filter(Boolean).join(" · ");
    context.fillText(text, 6, height - (1.5 - at) * LINE, width - 12);
  }
}

/** @param {string} name of a colour of the style sheet */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
