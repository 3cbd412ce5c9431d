import assert from "node:assert/strict";
import test from "node:test";

import { Library } from "../../keras_saliency/tensorboard_plugin/static/data/library.js";
import { readState } from "../../keras_saliency/tensorboard_plugin/static/state/fields.js";
import {
  columnsOf,
  commonNeeds,
  mapsNearby,
  methodsOf,
  shownBy,
} from "../../keras_saliency/tensorboard_plugin/static/state/selectors.js";
import { runOf, sourceOf } from "./made.js";

const RUNS = [
  runOf("empty", { methods: {}, count: null }),
  runOf("a", { methods: { gradient: { steps: [0, 1, 2] }, smoothgrad: { steps: [0] } } }),
  runOf("b"),
  runOf("other", { fingerprint: "cd34" }),
  runOf("unknown", { fingerprint: null }),
  runOf("unknown too", { fingerprint: null }),
];

/** @param {string[]} series runs whose looks are there */
async function libraryWith(series = []) {
  const library = new Library(sourceOf({ runs: async () => ({ runs: RUNS }) }), () => {});
  await library.refresh();
  await Promise.all(series.map((run) => library.fetch(["series", run, "gradient"])));
  return library;
}

const stateOf = (texts = {}) => readState(new Map(Object.entries(texts)));

test("the run with maps is shown, and the method that was given first", async () => {
  const shown = shownBy(stateOf(), await libraryWith());
  assert.deepEqual([shown.run?.run, shown.method, shown.step, shown.unit], ["a", "gradient", undefined, "epoch"]);
  assert.deepEqual(methodsOf(runOf("c", { methods: { b: { steps: [] }, gradient: { steps: [] } } })), [
    "b",
    "gradient",
  ]);
  assert.deepEqual(methodsOf(undefined), []);
});

test("what is chosen is shown where it is there", async () => {
  const library = await libraryWith(["b"]);
  const shown = shownBy(stateOf({ run: "b", step: "1", probe: "9" }), library);
  assert.deepEqual([shown.run?.run, shown.method], ["b", "gradient"]);
  assert.deepEqual([shown.step, shown.epoch, shown.probe, shown.count], [1, 1, 1, 2]);
  assert.equal(shownBy(stateOf({ run: "b", method: "smoothgrad" }), library).method, undefined);
  assert.equal(shownBy(stateOf({ run: "empty" }), library).method, undefined);
  assert.equal(shownBy(stateOf({ run: "gone" }), library).run, undefined);
  assert.equal(shownBy(stateOf({ run: "b" }), library).step, 2);
});

test("of the runs of one log directory the newest is shown", () => {
  /** @param {string[]} names */
  const first = (...names) => {
    const runs = names.map((name) => runOf(name, name === "empty/saliency_3" ? { methods: {} } : {}));
    return shownBy(stateOf(), { runs, info: () => undefined, series: () => undefined, has: () => false }).run?.run;
  };
  assert.equal(first("saliency", "saliency_10", "saliency_9"), "saliency_10");
  assert.equal(first("saliency", "saliency#2", "saliency#3"), "saliency#3");
  assert.equal(first("a/saliency", "b/saliency_2", "saliency_3"), "a/saliency");
  assert.equal(first("empty/saliency", "empty/saliency_2", "empty/saliency_3"), "empty/saliency_2");
  assert.equal(first("one", "two"), "one");
  assert.equal(first(), undefined);
});

test("reading asks for nothing", async () => {
  const library = await libraryWith();
  const shown = shownBy(stateOf(), library);
  columnsOf(shown, library);
  mapsNearby(shown, [["a", "gradient"]], library);
  assert.equal(library.running.size, 0);
  assert.equal(library.cache.kept.size, 0);
});

test("without any run nothing is shown", () => {
  const library = new Library(sourceOf(), () => {});
  const shown = shownBy(stateOf(), library);
  assert.deepEqual([shown.run, shown.method, shown.probe, columnsOf(shown, library)], [undefined, undefined, 0, []]);
  assert.deepEqual(commonNeeds(shown), []);
});

test("runs with the same probes are proposed to compare, else the methods of the run", async () => {
  const library = await libraryWith();
  /** @param {Record<string, string>} texts */
  const columns = (texts) => columnsOf(shownBy(stateOf(texts), library), library);
  assert.deepEqual(columns({}), [
    ["a", "gradient"],
    ["b", "gradient"],
  ]);
  assert.deepEqual(columns({ method: "smoothgrad" }), [
    ["a", "smoothgrad"],
    ["a", "gradient"],
  ]);
  assert.deepEqual(columns({ run: "unknown" }), [["unknown", "gradient"]]);
  assert.deepEqual(columns({ columns: '[["x","y"]]' }), [["x", "y"]]);
});

test("all is asked for at once, and once the looks are there no longer guessed", async () => {
  const before = shownBy(stateOf(), await libraryWith());
  assert.deepEqual(commonNeeds(before), [
    ["checks", "a"],
    ["series", "a", "gradient"],
    ["probes", "a"],
    ["maps", "a", "gradient", 2],
  ]);
  const chosen = shownBy(stateOf({ step: "1" }), await libraryWith());
  assert.deepEqual(commonNeeds(chosen).at(-1), ["maps", "a", "gradient", 1]);
  const after = shownBy(stateOf(), await libraryWith(["a"]));
  assert.deepEqual(commonNeeds(after), [
    ["checks", "a"],
    ["series", "a", "gradient"],
  ]);
});

test("maps around the step are fetched ahead, the nearest first, of all columns that have them", async () => {
  const library = await libraryWith(["a", "b"]);
  const shown = shownBy(stateOf({ step: "1" }), library);
  const columns = /** @type {[string, string][]} */ ([
    ["a", "gradient"],
    ["b", "gradient"],
    ["other", "gradient"],
  ]);
  assert.deepEqual(mapsNearby(shown, columns, library), [
    ["maps", "a", "gradient", 2],
    ["maps", "b", "gradient", 2],
    ["maps", "a", "gradient", 0],
    ["maps", "b", "gradient", 0],
  ]);
});
