import assert from "node:assert/strict";
import test from "node:test";

import { Series } from "../../keras_saliency/tensorboard_plugin/static/data/series.js";
import { looksAt } from "./made.js";

const SERIES = new Series().append(looksAt([-1, 0, 2, 4], { problems: { 2: "damaged" } }));

test("an empty series knows nothing", () => {
  const empty = new Series();
  assert.equal(empty.nearest("latest"), undefined);
  assert.equal(empty.nearest(3), undefined);
  assert.equal(empty.epochOf(3), undefined);
  assert.equal(empty.stepOfEpoch(3), undefined);
  assert.equal(empty.largest("magnitude", 0), 0);
  assert.equal(empty.count, 0);
});

test("appending gives another series, in order and without what is there already", () => {
  const before = new Series().append(looksAt([0, 1]));
  const after = before.append(looksAt([1, 2]));
  assert.deepEqual(
    [before.steps, after.steps],
    [
      [0, 1],
      [0, 1, 2],
    ],
  );
  assert.deepEqual(after.scores, [
    [0, 1],
    [10, 11],
    [20, 21],
  ]);
  assert.deepEqual(after.numbers.drift, [0, 10, 20]);
  assert.equal(after.score_kind, "logit");
  assert.equal(after.count, 2);
});

test("a look that cannot be read is a problem on the timeline", () => {
  assert.deepEqual(SERIES.steps, [-1, 0, 4]);
  assert.deepEqual(SERIES.timeline, [-1, 0, 2, 4]);
  assert.equal(SERIES.at(2), undefined);
  assert.equal(SERIES.problems[2], "damaged");
});

test("the timeline is in the order of numbers", () => {
  assert.deepEqual(new Series().append(looksAt([9, 10], { problems: { 9: "damaged" } })).timeline, [9, 10]);
});

test("numbers that come or go are null where they are missing", () => {
  const series = new Series()
    .append(looksAt([0], { numbers: { drift: [1] }, logs: { loss: [3] } }))
    .append(looksAt([1], { numbers: { gini: [2] }, logs: {} }));
  assert.deepEqual(series.logs, { loss: [3, null] });
  assert.deepEqual(series.wall_times, [1000, 1001]);
  assert.deepEqual(series.curve("drift"), [1, null]);
  assert.deepEqual(series.curve("gini"), [null, 2]);
  assert.deepEqual(series.curve("unknown"), [null, null]);
  assert.deepEqual(series.curve("probe_accuracy"), [0, 0.1]);
});

test("nearest: the step itself, the last before it, else the first", () => {
  assert.deepEqual(
    [4, 3, 2, 1, -5, 99].map((step) => SERIES.nearest(step)),
    [4, 2, 2, 0, -1, 4],
  );
  assert.equal(SERIES.nearest("latest"), 4);
});

test("epochs: of a look, of a step that cannot be read, and back", () => {
  const series = new Series().append(looksAt([0, 100, 250], { epochs: [0, 1, 5], problems: { 100: "damaged" } }));
  assert.deepEqual(
    [0, 250, undefined].map((step) => series.epochOf(step)),
    [0, 5, undefined],
  );
  assert.equal(SERIES.epochOf(2), 2);
  assert.equal(series.epochOf(-3), -3);
  assert.deepEqual(
    [0, 5, 1, undefined].map((epoch) => series.stepOfEpoch(epoch)),
    [0, 250, undefined, undefined],
  );
  assert.equal(new Series().append(looksAt([3, 7], { epochs: [1, 1] })).stepOfEpoch(1), 7);
  assert.deepEqual([series.stepOfEpoch(5, "epoch"), series.stepOfEpoch(5, "step")], [250, undefined]);
});

test("a run without epochs counts in steps, also before it was known", () => {
  const series = new Series().append(looksAt([0, 1], { epochs: [5, 6] })).append(looksAt([9], { epochs: [null] }));
  assert.equal(series.unit, "step");
  assert.deepEqual(series.epochs, [0, 1, 9]);
  assert.equal(SERIES.unit, "epoch");
});

test("a run whose epochs begin anew in a later fit counts in steps", () => {
  const unit = (/** @type {number[]} */ ...epochs) => new Series().append(looksAt([...epochs.keys()], { epochs })).unit;
  assert.equal(unit(-1, 0, 1, 0), "step");
  assert.equal(unit(-1, 0, 1, 1, 2), "epoch");
});

test("the largest scale of each probe over all looks", () => {
  const series = new Series().append(
    looksAt([0, 1], {
      scales: {
        magnitude: [
          [1, 8],
          [3, 2],
        ],
        signed: [null, [9, null]],
      },
    }),
  );
  assert.deepEqual(
    [0, 1].map((probe) => series.largest("negative", probe)),
    [3, 8],
  );
  assert.deepEqual(
    [0, 1].map((probe) => series.largest("signed", probe)),
    [9, 8],
  );
  assert.equal(series.append(looksAt([2], { scales: { magnitude: [[7, 7]] } })).largest("magnitude", 0), 7);
});

test("numbers of a probe at a step", () => {
  assert.equal(SERIES.of("drift", 4, 1), 41);
  assert.equal(SERIES.of("drift", 2, 1), undefined);
  assert.equal(SERIES.of("gini", 4, 1), undefined);
  assert.equal(SERIES.of("drift", undefined, 1), undefined);
  const series = new Series().append(looksAt([0], { per_probe: { drift: [[null, 3]] } }));
  assert.deepEqual([series.of("drift", 0, 0), series.of("drift", 0, 1)], [undefined, 3]);
});
