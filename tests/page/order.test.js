import assert from "node:assert/strict";
import test from "node:test";

import { Probes } from "../../keras_saliency/tensorboard_plugin/static/data/probes.js";
import { Series } from "../../keras_saliency/tensorboard_plugin/static/data/series.js";
import { chosen, facts } from "../../keras_saliency/tensorboard_plugin/static/state/order.js";
import { looksAt, runOf } from "./made.js";

const INFO = runOf("a", {
  count: 4,
  names: ["b10", "b9", "a", "C"],
  labels: [1, 0, null, 0],
  class_names: ["cat", "dog"],
});
const SERIES = new Series().append(
  looksAt([5], {
    predicted_classes: [[1, 1, 0, -1]],
    target_classes: [[0, 1, 0, -1]],
    probabilities: [[0.5, 0.25, null, 1]],
    per_probe: { drift: [[0.1, 0.4, null, 0.2]], corner_enrichment: [[1.6, 0.5, null, 10.5]] },
  }),
);
const ALL = facts(new Probes(INFO, null), SERIES, 5);

/** @param {Partial<Parameters<typeof chosen>[1]>} state */
function order(state) {
  return chosen(ALL, { find: "", show: "all", sort: "order", pinned: [], ...state }).map(({ probe }) => probe);
}

test("what is known of a probe", () => {
  assert.deepEqual(ALL[0], {
    probe: 0,
    name: "b10",
    label: 1,
    labelWords: "dog",
    predicted: "dog",
    wrong: false,
    probability: 0.5,
    score: 50,
    target: "cat",
    explains: "cat",
    change: 0.1,
    enrichments: { corner: 1.6 },
    noDrift: undefined,
  });
  assert.deepEqual(
    ALL.map(({ wrong }) => wrong),
    [false, true, null, null],
  );
  assert.deepEqual(
    ALL.map(({ explains }) => explains),
    ["cat", null, null, null],
  );
  assert.equal(ALL[2].change, undefined);
});

test("at a step without a look little is known", () => {
  const [fact] = facts(new Probes(INFO, null), SERIES, 6);
  assert.deepEqual([fact.labelWords, fact.predicted, fact.score, fact.wrong], ["dog", null, null, null]);
});

test("orders", () => {
  assert.deepEqual(order({}), [0, 1, 2, 3]);
  assert.deepEqual(order({ sort: "name" }), [2, 1, 0, 3]);
  assert.deepEqual(order({ sort: "label" }), [1, 3, 0, 2]);
  assert.deepEqual(order({ sort: "wrong" }), [1, 0, 2, 3]);
  assert.deepEqual(order({ sort: "change" }), [1, 3, 0, 2]);
});

test("the enrichment of a region is an order, the largest first; one that is not there leaves all as given", () => {
  assert.deepEqual(order({ sort: "in corner" }), [3, 0, 1, 2]);
  assert.deepEqual(order({ sort: "in border" }), [0, 1, 2, 3]);
  assert.deepEqual(order({ sort: "in toString" }), [0, 1, 2, 3]);
});

test("pinned probes come first, in the same order, and filters hold for them too", () => {
  assert.deepEqual(order({ pinned: [3, 1, 99] }), [1, 3, 0, 2]);
  assert.deepEqual(order({ pinned: [2, 0], sort: "change" }), [0, 2, 1, 3]);
  assert.deepEqual(order({ pinned: [0, 2], show: "wrong" }), [1]);
});

test("filters", () => {
  assert.deepEqual(order({ show: "wrong" }), [1]);
  assert.deepEqual(order({ show: "right" }), [0]);
  assert.deepEqual(order({ find: " B9 " }), [1]);
  assert.deepEqual(order({ find: "cat" }), [1, 2, 3]);
  assert.deepEqual(order({ find: "zebra" }), []);
  assert.deepEqual(
    ALL.map(({ probe }) => probe),
    [0, 1, 2, 3],
  );
});
