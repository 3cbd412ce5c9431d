import assert from "node:assert/strict";
import test from "node:test";

import { Probes } from "../../keras_saliency/tensorboard_plugin/static/data/probes.js";
import { Series } from "../../keras_saliency/tensorboard_plugin/static/data/series.js";
import { glanceAt, namesSaid } from "../../keras_saliency/tensorboard_plugin/static/state/glance.js";
import { looksAt, runOf } from "./made.js";

const PROBES = new Probes(runOf("a", { settings: { epochs: 20 } }), null);
const LOGS = {
  accuracy: [null, 0.5, 0.75],
  learning_rate: [null, 0.1, 0.1],
  loss: [null, 2, 1],
  mae: [null, 3, 3],
  val_accuracy: [null, null, 0.5],
};

/** @param {Parameters<typeof looksAt>[1]} [changes] */
function seriesOf(changes) {
  return new Series().append(looksAt([-1, 0, 4], { epochs: [-1, 0, 4], logs: LOGS, ...changes }));
}

test("how far the training is, and when it was looked at last", () => {
  const { done, planned, time } = glanceAt(PROBES, seriesOf(), 0);
  assert.deepEqual([done, planned, time], [5, 20, 1004]);
});

test("what older logs and loops of one's own do not say is not known", () => {
  const glance = glanceAt(new Probes(runOf("a"), null), seriesOf({ epochs: [null, null, null], logs: {} }), 4);
  assert.deepEqual([glance.done, glance.planned, glance.said], [null, null, []]);
  const empty = glanceAt(PROBES, new Series(), undefined);
  assert.deepEqual([empty.done, empty.time, empty.right, empty.flips], [null, null, null, null]);
});

test("how many probes are right, of those with a label and a prediction", () => {
  const predicted_classes = [
    [0, 1],
    [0, 0],
    [-1, 1],
  ];
  const series = seriesOf({ predicted_classes });
  assert.deepEqual(
    [-1, 0, 4].map((step) => glanceAt(PROBES, series, step).right),
    [
      [2, 2],
      [1, 2],
      [1, 1],
    ],
  );
  const unlabelled = new Probes(runOf("a", { labels: null }), null);
  assert.equal(glanceAt(unlabelled, series, 0).right, null);
});

test("which probes flipped since the look before", () => {
  const predicted_classes = [
    [1, 1],
    [0, 0],
    [0, -1],
  ];
  const series = seriesOf({ predicted_classes });
  assert.equal(glanceAt(PROBES, series, -1).flips, null);
  assert.deepEqual(glanceAt(PROBES, series, 0).flips, [
    { probe: 0, name: "first", from: "dog", to: "cat", wrong: false },
    { probe: 1, name: "second", from: "dog", to: "cat", wrong: true },
  ]);
  assert.deepEqual(glanceAt(PROBES, series, 4).flips, []);
});

test("of the training's own numbers loss comes first, each with its value on the validation data", () => {
  assert.deepEqual(namesSaid(seriesOf()), ["loss", "accuracy", "mae"]);
  assert.deepEqual(glanceAt(PROBES, seriesOf(), 4).said, [
    [["loss", 1]],
    [
      ["accuracy", 0.75],
      ["val_accuracy", 0.5],
    ],
  ]);
  assert.deepEqual(glanceAt(PROBES, seriesOf(), -1).said, []);
});

test("a log of very many looks is read at a glance", () => {
  const steps = Array.from({ length: 120_000 }, (_, at) => at);
  const series = new Series().append(looksAt(steps));
  const { done, right } = glanceAt(PROBES, series, 119_999);
  assert.deepEqual([done, right], [120_000, [1, 2]]);
  assert.equal(series.largest("magnitude", 1), 10 * 119_999 + 1);
});
