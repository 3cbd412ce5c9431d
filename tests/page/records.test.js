import assert from "node:assert/strict";
import test from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { Maps, VIEWS } from "../../keras_saliency/tensorboard_plugin/static/data/maps.js";
import { Probes } from "../../keras_saliency/tensorboard_plugin/static/data/probes.js";
import { decode } from "../../keras_saliency/tensorboard_plugin/static/data/records.js";
import { SAMPLES, bytesOf, runOf } from "./made.js";

const RECORD = bytesOf(SAMPLES.one_channel.record);

/**
 * @param {readonly number[]} found
 * @param {readonly number[]} expected
 */
function assertClose(found, expected) {
  assert.equal(found.length, expected.length);
  for (const [at, value] of expected.entries())
    assert.ok(Math.abs(found[at] - value) <= 1e-6 * Math.max(1, Math.abs(value)), `${at}: ${found[at]}, ${value}`);
}

for (const name of /** @type {const} */ (["one_channel", "several_channels"]))
  test(`maps that Python wrote, ${name}`, async () => {
    const { record, values, divisors } = SAMPLES[name];
    const maps = new Maps(await decode(bytesOf(record)));
    assert.deepEqual([maps.count, maps.height, maps.width], [3, 5, 4]);
    for (const view of VIEWS) {
      const found = Array.from({ length: maps.pixels }, (_, pixel) => maps.value(view, 1, pixel));
      assertClose(found, values[view]);
    }
    assert.deepEqual(
      [0, 1, 2].map((probe) => maps.finite(probe)),
      [true, true, false],
    );
    assert.ok(Number.isNaN(maps.value("magnitude", 2, 0)));
    for (const view of VIEWS) {
      const own = [0, 1].map((probe) => maps.ownDivisor(view, probe));
      assertClose(own, divisors[view === "signed" ? "signed" : "magnitude"]);
    }
  });

test("where hardly anything is not zero, a map is divided by its maximum", () => {
  const plane = () => ({ shape: [1, 20, 20], data: new Uint8Array(400) });
  const arrays = { positive: plane(), negative: plane() };
  arrays.negative.data[7] = 51;
  const maps = new Maps({ header: { finite: [true], scales: { magnitude: [5] } }, arrays });
  assert.deepEqual([maps.ownDivisor("positive", 0), maps.ownDivisor("signed", 0)], [1, 1]);
});

test("only some maps need a plane for magnitude and signed", async () => {
  const few = new Maps(await decode(RECORD));
  const all = new Maps(await decode(bytesOf(SAMPLES.several_channels.record)));
  assert.deepEqual(Object.keys(few.planes).sort(), ["negative", "positive"]);
  assert.deepEqual(Object.keys(all.planes).sort(), [...VIEWS].sort());
  assert.deepEqual([few.bytes, all.bytes], [120, 240]);
});

test("probes that Python wrote", async () => {
  const probes = new Probes(runOf("a", { count: 3, names: null }), await decode(bytesOf(SAMPLES.probes)));
  const picture = probes.picture(1);
  assert.deepEqual([picture?.width, picture?.height, picture?.first], [4, 2, 24]);
  assert.deepEqual([...(picture?.data ?? [])], SAMPLES.pictures);
  const [corner] = probes.regions;
  assert.equal(corner.name, "corner");
  assert.deepEqual(probes.outline(corner, 1), { path: "M0 0h1M0 1h1M0 0v1M1 0h1M1 1h1M2 0v1", width: 4, height: 2 });
  assert.equal(probes.name(2), "probe 2");
});

test("a region may be in some probes only", () => {
  const of = (/** @type {number[]} */ shape) => ({ shape, data: Uint8Array.from([0, 1, 0, 0, 0, 0]) });
  const arrays = { "region/each": of([3, 1, 2]), "region/one": of([1, 6]) };
  const probes = new Probes(runOf("a", { count: 3 }), { header: { finite: [], scales: {} }, arrays });
  assert.deepEqual(
    [0, 1, 2].map((probe) => probes.lacks("each", probe)),
    [false, true, true],
  );
  assert.deepEqual([probes.lacks("one", 2), probes.lacks("none", 0)], [false, false]);
  assert.equal(probes.outline(probes.regions[0], 1).path, "");
});

test("a probe is wrong only where that is known", () => {
  const probes = new Probes(runOf("a", { labels: [1, null] }), null);
  assert.deepEqual(
    [1, 0, -1, null, undefined].map((predicted) => probes.wrong(0, predicted)),
    [false, true, null, null, null],
  );
  assert.equal(probes.wrong(1, 0), null);
  assert.deepEqual(
    [0, 9, -1, null].map((number) => probes.className(number)),
    ["cat", "9", null, null],
  );
});

/** @param {(plain: Buffer) => Uint8Array} change */
function damaged(change) {
  return Uint8Array.from(gzipSync(change(gunzipSync(RECORD))));
}

/** @type {[string, Uint8Array<ArrayBuffer>, RegExp][]} */
const REFUSED = [
  ["nothing", new Uint8Array(0), /cannot be unzipped|no saliency record/],
  ["half of it", RECORD.slice(0, 60), /cannot be unzipped/],
  ["something else", Uint8Array.from(gzipSync("something else altogether")), /another program wrote it/],
  ["a newer version", damaged((plain) => plain.fill(9, 8, 9)), /Upgrade keras_saliency/],
  ["a header that is none", damaged((plain) => plain.fill(0x78, 16, 40)), /header does not fit/],
  ["a header that is too long", damaged((plain) => plain.fill(255, 12, 15)), /header does not fit/],
  ["an array that is cut off", damaged((plain) => plain.subarray(0, -40)), /header does not fit/],
  [
    "another data type",
    damaged((plain) => Buffer.from(plain.toString("latin1").replace('"uint8"', '"value"'), "latin1")),
    /header does not fit/,
  ],
];
for (const [what, bytes, sentence] of REFUSED)
  test(`${what} is refused with a sentence`, async () => {
    await assert.rejects(decode(bytes), sentence);
  });
