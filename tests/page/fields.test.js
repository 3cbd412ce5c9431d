import assert from "node:assert/strict";
import test from "node:test";

import { readField, readState, writeState } from "../../keras_saliency/tensorboard_plugin/static/state/fields.js";

/** @import { State } from "../../keras_saliency/tensorboard_plugin/static/state/fields.js" */

/** Every field with another value than its default. @type {State} */
const CHOSEN = {
  tab: "compare",
  run: 'a/b "c" & 猫=',
  method: "smoothgrad",
  step: -1,
  probe: 7,
  view: "signed",
  layer: "map",
  opacity: 0.35,
  colours: "viridis",
  scale: "time",
  outlines: "off",
  sort: "change",
  show: "wrong",
  find: " 100 % ",
  pinned: [3, 0],
  size: 200,
  against: "first",
  columns: [
    ["a", "gradient"],
    ["b", "smoothgrad"],
  ],
  hidden: ["b", "ü"],
  numbers: "all",
  level: 0.02,
  speed: 16,
};

const DEFAULTS = readState(new Map());

test("every field comes back as it was written", () => {
  const texts = writeState(CHOSEN);
  assert.deepEqual([...texts.keys()], Object.keys(CHOSEN));
  assert.deepEqual({ ...readState(texts) }, CHOSEN);
});

test("defaults are not written", () => {
  assert.equal(writeState(DEFAULTS).size, 0);
  assert.deepEqual([...writeState({ ...DEFAULTS, step: 4, columns: [] })], [["step", "4"]]);
});

test("the state and its lists are decoded once and frozen", () => {
  const state = readState(writeState(CHOSEN));
  assert.ok(Object.isFrozen(state) && Object.isFrozen(state.columns) && Object.isFrozen(DEFAULTS.hidden));
  assert.equal(state.columns, state.columns);
});

for (const name of /** @type {const} */ (["opacity", "size", "level", "speed", "probe", "step"]))
  for (const text of [
    "",
    " ",
    "x",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "0x10",
    "1,5",
    "1 2",
    "true",
    "[]",
    "null",
    "٣",
  ])
    test(`${name}=${JSON.stringify(text)} is the default`, () => {
      assert.equal(readField(name, text), DEFAULTS[name]);
    });

/** @type {[keyof State, string, unknown][]} */
const READ = [
  ["opacity", "0", 0],
  ["opacity", "7", 1],
  ["opacity", "-1", 0],
  ["opacity", ".5", 0.5],
  ["opacity", "5e-1", 0.5],
  ["size", "1", 72],
  ["level", "9", 2],
  ["probe", "1.5", 1],
  ["probe", "-3", 0],
  ["step", "-1", -1],
  ["step", "-0", 0],
  ["step", "1.5", "latest"],
  ["step", "9".repeat(400), "latest"],
  ["step", "latest", "latest"],
  ["view", "evil", "magnitude"],
  ["tab", "constructor", "grid"],
  ["sort", "__proto__", "order"],
  ["sort", "in the corner", "in the corner"],
  ["pinned", '[3, -1, 1.5, "2", null, 3, 0]', [3, 0]],
  ["pinned", "3", []],
  ["colours", "ember", "inferno"],
  ["colours", "inferno", "inferno"],
  ["colours", "constructor", "constructor"],
  ["columns", "{", []],
  ["columns", '{"length": 2}', []],
  ["columns", '"ab"', []],
  [
    "columns",
    '[["a", "b"], ["a"], [1, 2], "ab", null, ["a", "b"], ["c", "d"]]',
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  ["hidden", '["a", 1, null, "a", ["b"], "c"]', ["a", "c"]],
];
for (const [name, text, expected] of READ)
  test(`${name}=${text.slice(0, 60)}`, () => {
    assert.deepEqual(readField(name, text), expected);
  });
