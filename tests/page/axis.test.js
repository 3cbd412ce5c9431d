import assert from "node:assert/strict";
import test from "node:test";

import {
  drawnOf,
  largest,
  nearestTo,
  niceTicks,
  short,
  smallest,
  wholeTicks,
} from "../../keras_saliency/tensorboard_plugin/static/parts/axis.js";

const MANY = 120_000;

test("bounds of more numbers than a call has room for", () => {
  const numbers = Array.from({ length: MANY }, (_, at) => (at * 7919) % MANY);
  assert.deepEqual([smallest(numbers, Infinity), largest(numbers, -Infinity)], [0, MANY - 1]);
  assert.equal(nearestTo(41.4, numbers), 41);
  assert.equal(nearestTo(1, []), undefined);
  assert.deepEqual([smallest([], 3), largest([], 3)], [3, 3]);
});

test("ticks of values are round and hold them all", () => {
  assert.deepEqual(niceTicks(0, 1), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(niceTicks(-3, 9), [-5, 0, 5, 10]);
  assert.deepEqual(niceTicks(2, 2), [2, 4]);
  assert.deepEqual(niceTicks(Infinity, -Infinity), [0, 1]);
});

test("ticks of epochs are round as people count them, from 1, and those of steps from 0", () => {
  assert.deepEqual(wholeTicks(-1, 9, 5, 1), [-1, 1, 3, 5, 7, 9]);
  assert.deepEqual(wholeTicks(-1, 29, 10, 1), [-1, 4, 9, 14, 19, 24, 29]);
  assert.deepEqual(wholeTicks(0, 250, 5, 0), [0, 50, 100, 150, 200, 250]);
  assert.deepEqual(wholeTicks(0, 1, 8, 0), [0, 1]);
  assert.ok(wholeTicks(0, 1e9, 8, 0).length < 12);
  assert.ok(wholeTicks(1e9, 1e9 + 5, 8, 0).length < 8);
});

test("of few values all are drawn", () => {
  assert.deepEqual(
    drawnOf([1, null, 3], (at) => at, 100),
    [0, 1, 2],
  );
});

test("of very many values the least and the largest of each pixel are drawn, in order, and gaps stay", () => {
  const values = Array.from({ length: MANY }, (_, at) => (at >= 60_000 && at < 72_000 ? null : Math.sin(at / 7)));
  values[30_001] = 9;
  values[90_002] = -9;
  const drawn = drawnOf(values, (at) => (100 * at) / MANY, 100);
  assert.ok(drawn.length <= 2 * 101);
  assert.ok(drawn.includes(30_001) && drawn.includes(90_002));
  assert.deepEqual(
    drawn,
    drawn.toSorted((a, b) => a - b),
  );
  assert.ok(drawn.some((at) => values[at] === null));
  const pixel = drawn.filter((at) => Math.round((100 * at) / MANY) === 10).map((at) => values[at] ?? NaN);
  assert.ok(Math.min(...pixel) < -0.999 && Math.max(...pixel) > 0.999);
});

test("numbers on an axis", () => {
  assert.deepEqual(
    [0, 0.25, -3, 12345.678, 1e6, 0.0002].map((value) => short(value)),
    ["0", "0.25", "−3", "12300", "1e6", "2e−4"],
  );
});
