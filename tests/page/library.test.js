import assert from "node:assert/strict";
import test from "node:test";

import { Library } from "../../keras_saliency/tensorboard_plugin/static/data/library.js";
import { Maps, Unreadable } from "../../keras_saliency/tensorboard_plugin/static/data/maps.js";
import { decode } from "../../keras_saliency/tensorboard_plugin/static/data/records.js";
import { Offline, carriedSource } from "../../keras_saliency/tensorboard_plugin/static/data/source.js";
import { ANCHORS, SAMPLES, bytesOf, looksAt, runOf, sourceOf } from "./made.js";

/**
 * @import { Request } from "../../keras_saliency/tensorboard_plugin/static/data/library.js"
 * @import { DecodedRecord } from "../../keras_saliency/tensorboard_plugin/static/data/records.js"
 * @import { RunInfo, Source } from "../../keras_saliency/tensorboard_plugin/static/data/source.js"
 */

/** @type {Request} */
const SERIES = ["series", "a", "gradient"];
/** @type {Request} */
const MAPS = ["maps", "a", "gradient", 1];

/** @param {Partial<Source>} changes */
async function libraryOf(changes = {}) {
  const library = new Library(
    sourceOf({ maps: async () => decode(bytesOf(SAMPLES.one_channel.record)), ...changes }),
    () => {},
  );
  await library.refresh();
  return library;
}

const moment = () => new Promise((resolve) => setTimeout(resolve, 5));

/**
 * Waits until nothing is on its way.
 *
 * @param {Library} library
 */
async function settled(library) {
  while (library.running.size) await moment();
}

test("what is asked for is fetched once, and then there to read", async () => {
  let asked = 0;
  const library = await libraryOf({
    looks: async () => {
      asked++;
      return looksAt([0, 1, 2]);
    },
  });
  assert.equal(library.series("a", "gradient"), undefined);
  assert.ok(!library.has(SERIES));
  library.ask([SERIES, SERIES, MAPS]);
  library.ask([SERIES]);
  await settled(library);
  assert.equal(asked, 1);
  assert.deepEqual(library.series("a", "gradient")?.steps, [0, 1, 2]);
  assert.ok(library.maps("a", "gradient", 1) instanceof Maps);
  assert.equal(library.maps("a", "gradient", 2), undefined);
});

test("looks come a page at a time", async () => {
  /** @type {unknown[]} */
  const after = [];
  const library = await libraryOf({
    looks: async (_, __, last) => {
      after.push(last);
      return { ...looksAt([after.length]), more: after.length < 3 };
    },
  });
  await library.fetch(SERIES);
  assert.deepEqual(after, [undefined, 1, 2]);
  assert.deepEqual(library.series("a", "gradient")?.steps, [1, 2, 3]);
});

test("a refresh asks for what is new", async () => {
  let steps = [0, 1];
  const library = await libraryOf({
    runs: async () => ({ runs: [runOf("a", { methods: { gradient: { steps } } })] }),
    looks: async (_, __, after = -1) => looksAt(steps.filter((step) => step > after)),
  });
  await library.fetch(SERIES);
  const before = library.series("a", "gradient");
  await library.refresh();
  assert.equal(library.series("a", "gradient"), before);
  steps = [0, 1, 2];
  await library.refresh();
  assert.deepEqual(library.series("a", "gradient")?.steps, [0, 1, 2]);
});

test("a run that was replaced is forgotten, also what is on its way", async () => {
  let fingerprint = "ab12";
  /** @type {(record: DecodedRecord) => void} */
  let arrive = () => {};
  const library = await libraryOf({
    runs: async () => ({ runs: [runOf("a", { fingerprint }), runOf("b")] }),
    maps: () => new Promise((resolve) => (arrive = resolve)),
  });
  await Promise.all([library.fetch(SERIES), library.fetch(["series", "b", "gradient"])]);
  library.ask([MAPS]);
  fingerprint = "cd34";
  await library.refresh();
  arrive(await decode(bytesOf(SAMPLES.one_channel.record)));
  await moment();
  assert.equal(library.series("a", "gradient"), undefined);
  assert.equal(library.maps("a", "gradient", 1), undefined);
  assert.ok(library.series("b", "gradient"));
});

test("a run that is gone stays, is asked for nothing more, and may come back", async () => {
  /** @type {RunInfo[]} */
  let runs = [runOf("a")];
  let asked = 0;
  const library = await libraryOf({
    runs: async () => ({ runs }),
    checks: async () => {
      asked++;
      return { checks: [] };
    },
  });
  await Promise.all([library.fetch(SERIES), library.fetch(["checks", "a"]), library.fetch(["probes", "a"])]);
  runs = [];
  await library.refresh();
  assert.deepEqual([library.info("a")?.gone, asked], [true, 1]);
  assert.ok(library.series("a", "gradient") && library.probes("a"));
  runs = [runOf("a")];
  await library.refresh();
  assert.deepEqual([library.info("a")?.gone, asked], [undefined, 2]);
  assert.equal(library.probes("a"), undefined);
});

test("a look that cannot be read is there as its problem, and is not asked for", async () => {
  let asked = 0;
  const library = await libraryOf({
    looks: async () => looksAt([0, 1], { problems: { 1: "damaged" } }),
    maps: async () => {
      asked++;
      throw new Error("never");
    },
  });
  await library.fetch(SERIES);
  library.ask([MAPS]);
  assert.deepEqual(library.maps("a", "gradient", 1), new Unreadable("damaged"));
  assert.ok(library.has(MAPS));
  assert.equal(asked, 0);
});

test("what cannot be fetched is a sentence, and the rest is there", async () => {
  const library = await libraryOf({
    maps: async () => {
      throw new Error("There are no maps.");
    },
    looks: async () => {
      throw new Error("There are no looks.");
    },
    checks: async () => {
      throw new Error("There are no checks.");
    },
  });
  library.ask([SERIES, MAPS, ["probes", "a"], ["checks", "a"]]);
  await settled(library);
  assert.deepEqual(library.series("a", "gradient")?.steps, []);
  assert.deepEqual(library.maps("a", "gradient", 1), new Unreadable("There are no maps."));
  assert.equal(library.probes("a")?.picture(0), null);
  assert.deepEqual(library.checks("a"), []);
  assert.deepEqual([...library.problems.values()].sort(), [
    "The pictures of the probes cannot be shown. There is no such thing.",
    "There are no looks.",
  ]);
});

test("maps are asked for again after a server did not answer", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const library = await libraryOf({
    maps: async () => {
      throw new Offline("The server does not answer.");
    },
  });
  await library.fetch(MAPS);
  assert.ok(library.has(MAPS));
  context.mock.timers.tick(3000);
  assert.ok(!library.has(MAPS));
});

test("a server that does not answer is told until it does, and nothing is lost", async () => {
  let there = true;
  const library = await libraryOf({
    runs: async () => {
      if (!there) throw new Offline("The server does not answer.");
      return { runs: [runOf("a")] };
    },
  });
  there = false;
  await library.refresh();
  assert.match(`${library.trouble}`, /does not answer.*asks again/);
  assert.equal(library.runs.length, 1);
  there = true;
  await library.refresh();
  assert.equal(library.trouble, null);
});

test("maps near by are fetched ahead, four at once", async () => {
  let [running, most] = [0, 0];
  /** @type {number[]} */
  const steps = [];
  const library = await libraryOf({
    maps: async (_, __, step) => {
      steps.push(step);
      most = Math.max(most, ++running);
      await moment();
      running--;
      return decode(bytesOf(SAMPLES.one_channel.record));
    },
  });
  await library.fetch(["maps", "a", "gradient", 0]);
  library.prefetch([0, 1, 2, 3, 4, 5, 6].map((step) => ["maps", "a", "gradient", step]));
  await settled(library);
  assert.deepEqual(steps, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(most, 4);
});

test("a document's own data is a source like any other", async () => {
  const source = carriedSource({
    colormaps: ANCHORS,
    runs: { runs: [runOf("a")] },
    looks: { "a\u0000gradient": looksAt([0, 1]) },
    probes: { a: SAMPLES.probes },
    maps: { "a\u0000gradient\u00001": SAMPLES.one_channel.record },
    checks: { a: { checks: [] } },
  });
  const library = new Library(source, () => {});
  await library.refresh();
  library.ask([SERIES, MAPS, ["probes", "a"], ["checks", "a"], ["maps", "a", "gradient", 0]]);
  await settled(library);
  assert.deepEqual(library.series("a", "gradient")?.steps, [0, 1]);
  assert.ok(library.maps("a", "gradient", 1) instanceof Maps);
  assert.equal(library.probes("a")?.picture(0)?.width, 4);
  assert.deepEqual(library.maps("a", "gradient", 0), new Unreadable("This page carries no maps of a, gradient, 0."));
  await assert.rejects(source.probes("constructor"), /carries no probes of constructor/);
  assert.equal(source.growing, false);
});

test("checks that are asked for again and are the same stay the same value, so that nothing is drawn anew", async () => {
  let status = "passed";
  const checks = async () => ({ checks: [{ step: 1, epoch: 1, results: [{ name: "finite", status, sentence: "" }] }] });
  const library = new Library(sourceOf({ checks }), () => {});
  await library.refresh();
  await library.fetch(["checks", "a"]);
  const before = library.checks("a");
  await library.refresh();
  assert.equal(library.checks("a"), before);
  status = "failed";
  await library.refresh();
  assert.equal(library.checks("a")?.[0].results[0].status, "failed");
});
