/**
 * Where everything comes from: a server's routes, or what the document carries in itself. `docs/tab.md` describes
 * the answers.
 */

import { decode } from "./records.js";

/**
 * @import { DecodedRecord } from "./records.js"
 *
 * @typedef {number | null} Maybe a number, or null where it is not finite or not known
 * @typedef {(Maybe[] | null)[]} Rows for each look a number per probe
 *
 * @typedef {object} RunInfo a run in the list of runs
 * @property {string} run
 * @property {string | null} fingerprint
 * @property {number | null} count
 * @property {string[] | null} names
 * @property {Maybe[] | null} labels
 * @property {string[] | null} class_names
 * @property {[number, number] | null} size
 * @property {string[]} regions
 * @property {boolean} has_pictures
 * @property {Record<string, unknown>} settings what was asked for, in the order to show it; empty where it is not known
 * @property {Record<string, string>} descriptions what each number is, in words; empty in logs of before they were kept
 * @property {Record<string, { steps: number[] }>} methods
 * @property {number[]} [phases] the steps from which on later fits of the same training were looked at
 * @property {string[]} problems
 * @property {boolean} [gone] the page's own: whether it is no longer listed
 *
 * @typedef {object} Looks what the looks of a method say, in lists over the steps
 * @property {number[]} steps
 * @property {Maybe[]} epochs
 * @property {Maybe[]} wall_times seconds since 1970
 * @property {Rows} scores
 * @property {Rows} target_classes
 * @property {Rows} predicted_classes
 * @property {Rows} probabilities
 * @property {Maybe[]} probe_accuracy
 * @property {Record<string, Maybe[]>} numbers means over the probes
 * @property {Record<string, Rows>} per_probe
 * @property {Record<string, Rows>} scales
 * @property {(boolean[] | null)[]} finite
 * @property {Record<string, Maybe[]>} logs what the training said of itself: Keras' own numbers
 * @property {string | null} score_kind
 * @property {Record<string, string>} problems a sentence for each step that cannot be read
 * @property {boolean} [more] whether there are later looks than these
 *
 * @typedef {object} CheckResult
 * @property {string} name
 * @property {string} status
 * @property {string} sentence
 * @property {Maybe} [value]
 * @property {Maybe} [limit]
 * @property {string | null} [direction]
 * @property {string} [about] `"model"` or `"maps"`; older logs do not say
 *
 * @typedef {object} Report what the checks of a run found at one step
 * @property {number} step
 * @property {Maybe} epoch
 * @property {CheckResult[]} results
 * @property {string} [problem]
 *
 * @typedef {[number, number, number]} Colour red, green and blue, from 0 to 255
 *
 * @typedef {object} Anchors the colours that the colour maps go through: `keras_saliency/render/colormaps.json`
 * @property {Record<string, Colour[]>} sequential from zero to the largest value
 * @property {Record<string, { positive: Colour[], negative: Colour[] }>} diverging from zero outwards
 * @property {Colour} not_finite
 *
 * @typedef {object} Source
 * @property {boolean} growing whether there may be more when it is asked again
 * @property {() => Promise<Anchors>} colormaps
 * @property {() => Promise<{ runs: RunInfo[] }>} runs
 * @property {(run: string, method: string, after: number | undefined, limit: number) => Promise<Looks>} looks
 * @property {(run: string) => Promise<DecodedRecord>} probes
 * @property {(run: string, method: string, step: number) => Promise<DecodedRecord>} maps
 * @property {(run: string) => Promise<{ checks: Report[] }>} checks
 *
 * @typedef {object} Carried a document's own data, records in Base64; a key's parts are parted by NUL
 * @property {Anchors} colormaps
 * @property {{ runs: RunInfo[] }} runs
 * @property {Record<string, Looks>} looks
 * @property {Record<string, string>} probes
 * @property {Record<string, string>} maps
 * @property {Record<string, { checks: Report[] }>} checks
 */

const ROUTES = new URL("../../", import.meta.url);

/**
 * The source of this document's data.
 *
 * @returns {Source}
 */
export function createSource() {
  const carried = document.getElementById("saliency-data");
  return carried ? carriedSource(JSON.parse(carried.textContent)) : servedSource();
}

/** @returns {Source} */
function servedSource() {
  return {
    growing: true,
    colormaps: () => json("static/colormaps.json", {}),
    runs: () => json("runs", {}),
    looks: (run, method, after, limit) =>
      json("looks", { run, method, limit, ...(after === undefined ? {} : { after }) }),
    probes: async (run) => decode(await bytes("probes", { run })),
    maps: async (run, method, step) => decode(await bytes("maps", { run, method, step })),
    checks: (run) => json("checks", { run }),
  };
}

/**
 * @param {Carried} carried
 * @returns {Source}
 */
export function carriedSource(carried) {
  return {
    growing: false,
    colormaps: async () => carried.colormaps,
    runs: async () => carried.runs,
    looks: async (run, method) => found(carried.looks, "looks", run, method),
    probes: async (run) => decode(unpacked(found(carried.probes, "probes", run))),
    maps: async (run, method, step) => decode(unpacked(found(carried.maps, "maps", run, method, step))),
    checks: async (run) => found(carried.checks, "checks", run),
  };
}

/**
 * @template T
 * @param {Record<string, T>} table
 * @param {string} what
 * @param {(string | number)[]} parts
 */
function found(table, what, ...parts) {
  const key = parts.join("\u0000");
  if (!Object.hasOwn(table, key)) throw new Error(`This page carries no ${what} of ${parts.join(", ")}.`);
  return table[key];
}

/** @param {string} base64 */
function unpacked(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @typedef {Record<string, string | number>} Parameters */

/**
 * @param {string} route
 * @param {Parameters} parameters
 */
async function json(route, parameters) {
  return (await fetched(route, parameters)).json();
}

/**
 * @param {string} route
 * @param {Parameters} parameters
 */
async function bytes(route, parameters) {
  return (await fetched(route, parameters)).arrayBuffer();
}

/**
 * @param {string} route
 * @param {Parameters} parameters
 */
async function fetched(route, parameters) {
  const address = new URL(route, ROUTES);
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, String(value));
  const response = await fetch(address).catch(() => {
    throw new Offline("The server does not answer.");
  });
  if (!response.ok) throw new Error(await sentence(response));
  return response;
}

/** @param {Response} response */
async function sentence(response) {
  try {
    return (await response.json()).error;
  } catch {
    return `The server answered with error ${response.status}.`;
  }
}

/** No answer at all: worth asking again. */
export class Offline extends Error {}
