import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import test from "node:test";

const STATIC = new URL("../../keras_saliency/tensorboard_plugin/static/", import.meta.url);
const ROOMS = ["data", "state", "parts", "views", "."]; // each may import itself and those before it

const MODULES = new Map(
  readdirSync(STATIC, { recursive: true, encoding: "utf-8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, importedBy(name)]),
);

/**
 * The modules that one imports, also for types.
 *
 * @param {string} name
 */
function importedBy(name) {
  const text = readFileSync(new URL(name, STATIC), "utf-8");
  return [...text.matchAll(/\bfrom "(\.[^"]+)"/g)].map(([, path]) => posix.join(posix.dirname(name), path));
}

for (const [name, imported] of MODULES)
  test(`${name} imports its own room and those below, and no circle`, () => {
    const room = ROOMS.indexOf(posix.dirname(name));
    assert.ok(room >= 0);
    for (const other of imported) {
      assert.ok(MODULES.has(other), other);
      assert.ok(ROOMS.indexOf(posix.dirname(other)) <= room, other);
    }
    const reached = new Set(imported);
    for (const other of reached) for (const next of MODULES.get(other) ?? []) reached.add(next);
    assert.ok(!reached.has(name), [...reached].join(" "));
  });
