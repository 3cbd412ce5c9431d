import assert from "node:assert/strict";
import test from "node:test";

import { Colormaps, packed } from "../../keras_saliency/tensorboard_plugin/static/data/colormaps.js";
import { ANCHORS, SAMPLES } from "./made.js";

const COLORMAPS = new Colormaps(ANCHORS);

/**
 * How many colours differ by a step or more: where a value falls just between two, Python and the page may round apart.
 *
 * @param {readonly number[][]} found
 * @param {readonly number[][]} expected
 */
function assertSame(found, expected) {
  assert.equal(found.length, expected.length);
  const apart = found.flatMap((colour, at) => colour.map((value, channel) => Math.abs(value - expected[at][channel])));
  assert.ok(Math.max(...apart) <= 1);
  assert.ok(apart.filter((distance) => distance > 0).length <= 0.01 * apart.length);
}

test("the colours are those of Python", () => {
  assertSame(COLORMAPS.palette("magnitude", "inferno", false).rows, SAMPLES.colours.sequential);
  assertSame(COLORMAPS.palette("signed", "red–blue", false).rows, SAMPLES.colours.diverging);
  assert.equal(COLORMAPS.palette("signed", "", true).mark, packed(SAMPLES.colours.not_finite));
});

test("the names for each view, inferno first", () => {
  assert.deepEqual(COLORMAPS.names("positive"), ["inferno", "viridis", "grey"]);
  assert.deepEqual(COLORMAPS.names("signed"), ["red–blue", "on black", "orange–purple"]);
});

test("a name that does not fit the view, and none, give the one that fits the page", () => {
  for (const name of ["", "grey", "constructor"]) {
    assert.equal(COLORMAPS.palette("signed", name, false).name, "red–blue");
    assert.equal(COLORMAPS.palette("signed", name, true).name, "on black");
  }
  assert.equal(COLORMAPS.palette("magnitude", "on black", true).name, "inferno");
  assert.equal(COLORMAPS.palette("signed", "orange–purple", true).name, "orange–purple");
});

test("zero is in the middle of a diverging palette, and see-through", () => {
  const { rows, zero, through, opaque } = COLORMAPS.palette("signed", "on black", true);
  assert.deepEqual([rows.length, rows[zero]], [511, [0, 0, 0]]);
  assert.deepEqual([through[zero] >>> 24, opaque[zero] >>> 24], [0, 255]);
  assert.equal(through[0] >>> 24, through[510] >>> 24);
  assert.equal(through[510] >>> 24, Math.round(0.95 * 255));
});

test("pixels are little-endian RGBA", () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(packed([1, 2, 3], 200)).buffer)], [1, 2, 3, 200]);
});
