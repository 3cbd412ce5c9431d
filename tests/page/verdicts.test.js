import assert from "node:assert/strict";
import test from "node:test";

import {
  failing,
  matrixOf,
  reportAt,
  sections,
} from "../../keras_saliency/tensorboard_plugin/static/state/verdicts.js";
import { reportWords, verdictWords } from "../../keras_saliency/tensorboard_plugin/static/parts/words.js";

/**
 * A report with a status for each check.
 *
 * @param {number} step
 * @param {Record<string, string>} statuses
 */
function reportOf(step, statuses) {
  const results = Object.entries(statuses).map(([name, status]) => ({ name, status, sentence: `${name}.` }));
  return { step, epoch: step, results };
}

const REPORTS = [
  reportOf(-1, { finite: "passed", region: "failed" }),
  reportOf(1, { finite: "passed", region: "passed" }),
  reportOf(3, { finite: "errored", region: "failed", accuracy: "warned" }),
];

test("the report for a step is that of the last look up to there", () => {
  const steps = [-5, -1, 0, 1, 2, 3, 99].map((step) => reportAt(REPORTS, step)?.step);
  assert.deepEqual(steps, [undefined, -1, -1, 1, 1, 3, 3]);
  assert.equal(reportAt(REPORTS, "latest")?.step, 3);
  assert.equal(reportAt([], "latest"), undefined);
});

test("what fails is counted with what could not be made", () => {
  assert.deepEqual(
    REPORTS.map((report) => failing(report)),
    [1, 0, 2],
  );
  assert.equal(failing(undefined), 0);
});

test("failures come first, then the others by what they are about, the worst of them first", () => {
  const results = [
    { name: "finite", status: "passed", sentence: "", about: "maps" },
    { name: "accuracy", status: "passed", sentence: "", about: "model" },
    { name: "untrained", status: "warned", sentence: "", about: "model" },
    { name: "stability", status: "errored", sentence: "", about: "maps" },
    { name: "region", status: "failed", sentence: "", about: "model" },
    { name: "old", status: "skipped", sentence: "" },
    { name: "odd", status: "passed", sentence: "", about: "weather" },
  ];
  const found = sections(results).map(([title, those]) => [title, ...those.map(({ name }) => name)]);
  assert.deepEqual(found, [
    ["Failed", "region", "stability"],
    ["About the model", "untrained", "accuracy"],
    ["About the maps", "finite"],
    ["About what, this log does not say", "old", "odd"],
  ]);
  assert.deepEqual(sections([]), []);
});

test("the matrix has a cell for each check and look, the checks that failed most first", () => {
  const { columns, rows, first } = matrixOf(REPORTS);
  assert.equal(first, REPORTS[0]);
  assert.deepEqual(columns, [
    { step: -1, epoch: -1 },
    { step: 1, epoch: 1 },
    { step: 3, epoch: 3 },
  ]);
  assert.deepEqual(rows, [
    { name: "region", statuses: ["failed", "passed", "failed"], steps: [-1, 1, 3], failures: 2, looks: 3 },
    { name: "finite", statuses: ["passed", "passed", "errored"], steps: [-1, 1, 3], failures: 1, looks: 3 },
    { name: "accuracy", statuses: [null, null, "warned"], steps: [null, null, 3], failures: 0, looks: 1 },
  ]);
  assert.deepEqual(matrixOf([]), { columns: [], rows: [], first: undefined });
});

test("of very many looks several share a cell, which shows the worst of them", () => {
  const many = Array.from({ length: 10_001 }, (_, at) => reportOf(at, { finite: at === 5003 ? "failed" : "passed" }));
  const { columns, rows } = matrixOf(many);
  assert.ok(columns.length <= 200);
  assert.equal(columns.at(-1)?.step, 10_000);
  assert.deepEqual([rows[0].failures, rows[0].looks], [1, 10_001]);
  const at = rows[0].statuses.indexOf("failed");
  assert.equal(rows[0].statuses.filter((status) => status === "failed").length, 1);
  assert.equal(rows[0].steps[at], 5003);
  assert.ok(columns[at - 1].step < 5003 && 5003 <= columns[at].step);
});

test("what checks came to, in words", () => {
  assert.equal(verdictWords(REPORTS[0]), "1 of 2 checks fails");
  assert.equal(verdictWords(REPORTS[1]), "none of 2 checks fails");
  assert.equal(verdictWords(REPORTS[2]), "2 of 3 checks fail");
  assert.equal(verdictWords({ step: 1, epoch: null, results: [], problem: "gone" }), "the checks cannot be read");
  assert.deepEqual(
    [reportWords(REPORTS[1], "epoch"), reportWords(REPORTS[1], "step"), reportWords(REPORTS[0], "epoch")],
    ["epoch 2", "step 1", "before training"],
  );
});
