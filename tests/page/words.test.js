import assert from "node:assert/strict";
import test from "node:test";

import { runColour } from "../../keras_saliency/tensorboard_plugin/static/parts/colours.js";
import { settingWords } from "../../keras_saliency/tensorboard_plugin/static/parts/settings.js";
import { agoWords, changeWords, targetWords } from "../../keras_saliency/tensorboard_plugin/static/parts/words.js";
import { Probes } from "../../keras_saliency/tensorboard_plugin/static/data/probes.js";
import { Series } from "../../keras_saliency/tensorboard_plugin/static/data/series.js";
import { factOf } from "../../keras_saliency/tensorboard_plugin/static/state/order.js";
import { looksAt, runOf } from "./made.js";

test("how long ago something was", () => {
  const day = 86400;
  assert.deepEqual(
    [-3600, -5, 59, 60, 3599, 3600, day - 1, day, 10.5 * day, 100 * day].map((seconds) => agoWords(seconds)),
    ["", "just now", "just now", "1 min ago", "59 min ago", "1 h ago", "23 h ago", "a day ago", "10 days ago", ""],
  );
});

test("the target's name comes from the log, also from older ones", () => {
  assert.deepEqual(
    [{ target: "Label()" }, { target: "Predicted()" }, { target: "class 1 (dog)" }, { target: 3 }, {}].map((settings) =>
      targetWords(settings),
    ),
    ["the label", "the predicted class", "class 1 (dog)", "", ""],
  );
});

test("a map without drift says why", () => {
  const series = new Series().append(
    looksAt([0, 1, 2, 3, 4], {
      per_probe: { drift: [[null], [null], [null], [0.25], [null]] },
      scales: { magnitude: [[3], [0], [1], [1], [1]] },
      finite: [[true], [true], [true], [true], [false]],
      scores: [[0], [0], [0], [0], [0]],
    }),
  );
  const probes = new Probes(runOf("a", { count: 1 }), null);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 9].map((step) => changeWords(factOf(probes, series, step, 0))),
    ["no drift yet", "map is all zero", "no drift: all zero before", "drift 0.25", "map is not finite", ""],
  );
  assert.deepEqual([series.noMeanDrift(1), series.noMeanDrift(3)], ["zero", undefined]);
  const two = { per_probe: { drift: [[null, null]] }, scales: { magnitude: [[0, 1]] } };
  assert.equal(new Series().append(looksAt([0], two)).noMeanDrift(0), undefined);
  const constant = { per_probe: { drift: [[null], [null]] }, scales: { magnitude: [[1], [1]] } };
  assert.equal(new Series().append(looksAt([0, 1], constant)).noDrift(1, 0), "constant");
});

test("settings as people read them", () => {
  assert.equal(settingWords("output", null), "not set");
  assert.deepEqual(
    [1, 3, "5 batches"].map((every) => settingWords("every", every)),
    ["epoch", "3 epochs", "5 batches"],
  );
  assert.equal(settingWords("fingerprint of the probes", "0123456789abcdef0123"), "0123456789abcdef…");
  assert.equal(settingWords("seed", 4), "4");
  assert.equal(settingWords("names", ["gradient", "smoothgrad"]), "gradient, smoothgrad");
});

test("every run has a colour of its own", () => {
  const colours = Array.from({ length: 64 }, (_, at) => runColour(at));
  assert.equal(new Set(colours).size, 64);
  assert.ok(
    colours.slice(8).every((colour) => /^oklch\(calc\(var\(--run-light\) \+ -?0\.\d+\) 0\.13 \d+\.\d\)$/.test(colour)),
  );
});
