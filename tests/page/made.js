/** Small runs and looks for the tests, and what Python wrote (`samples.py`). */

import { readFileSync } from "node:fs";

/**
 * @import { View } from "../../keras_saliency/tensorboard_plugin/static/data/maps.js"
 * @import { Anchors, Colour, Looks, RunInfo, Source } from "../../keras_saliency/tensorboard_plugin/static/data/source.js"
 *
 * @typedef {{ record: string, values: Record<View, number[]>, divisors: Record<"magnitude" | "signed", number[]> }} MapsSample
 * @typedef {object} Samples
 * @property {MapsSample} one_channel
 * @property {MapsSample} several_channels
 * @property {string} probes
 * @property {number[]} pictures
 * @property {{ not_finite: Colour, sequential: Colour[], diverging: Colour[] }} colours
 */

/** @param {string} path */
function json(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
}

/** @type {Samples} */
export const SAMPLES = json("samples.json");

/** @type {Anchors} */
export const ANCHORS = json("../../keras_saliency/render/colormaps.json");

/** @param {string} base64 */
export function bytesOf(base64) {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

/**
 * @param {string} run
 * @param {Partial<RunInfo>} changes
 * @returns {RunInfo}
 */
export function runOf(run, changes = {}) {
  return {
    run,
    fingerprint: "ab12",
    count: 2,
    names: ["first", "second"],
    labels: [0, 1],
    class_names: ["cat", "dog"],
    size: [2, 4],
    regions: [],
    descriptions: {},
    settings: {},
    has_pictures: true,
    methods: { gradient: { steps: [0, 1, 2] } },
    problems: [],
    ...changes,
  };
}

/**
 * Looks at some steps, at which each number is ten times the step, and each probe's that and the probe's own.
 *
 * @param {number[]} steps
 * @param {Partial<Looks>} changes
 * @returns {Looks}
 */
export function looksAt(steps, changes = {}) {
  const rows = steps.map((step) => [10 * step, 10 * step + 1]);
  return {
    steps,
    epochs: [...steps],
    wall_times: steps.map((step) => 1000 + step),
    scores: rows,
    target_classes: steps.map(() => [0, 0]),
    predicted_classes: steps.map(() => [0, 0]),
    probabilities: rows,
    probe_accuracy: steps.map((step) => step / 10),
    numbers: { drift: steps.map((step) => 10 * step) },
    per_probe: { drift: rows },
    scales: { magnitude: rows, signed: steps.map(() => null) },
    finite: steps.map(() => [true, true]),
    logs: {},
    score_kind: "logit",
    problems: {},
    ...changes,
  };
}

/**
 * A source of one run with looks and maps at the steps 0, 1 and 2.
 *
 * @param {Partial<Source>} changes
 * @returns {Source}
 */
export function sourceOf(changes = {}) {
  const nothing = async () => {
    throw new Error("There is no such thing.");
  };
  return {
    growing: true,
    colormaps: async () => ANCHORS,
    runs: async () => ({ runs: [runOf("a")] }),
    looks: async (_, __, after = -1) => looksAt([0, 1, 2].filter((step) => step > after)),
    probes: nothing,
    maps: nothing,
    checks: async () => ({ checks: [] }),
    ...changes,
  };
}
