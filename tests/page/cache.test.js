import assert from "node:assert/strict";
import test from "node:test";

import { Cache } from "../../keras_saliency/tensorboard_plugin/static/data/cache.js";

/** @param {Cache<string>} cache */
const keys = (cache) => [...cache.kept.keys()].join("");

test("over the bound what was not used for the longest time goes first", () => {
  const cache = new Cache(10);
  for (const key of "abc") cache.put(key, key, 4);
  assert.equal(keys(cache), "bc");
  cache.touch("b");
  cache.put("d", "d", 4);
  assert.deepEqual([keys(cache), cache.size, cache.get("b"), cache.get("c")], ["bd", 8, "b", undefined]);
});

test("reading is not using, and changes nothing", () => {
  const cache = new Cache(10);
  for (const key of "ab") cache.put(key, key, 4);
  assert.ok(cache.get("a") && cache.has("a"));
  assert.equal(keys(cache), "ab");
});

test("what has no size stays, and so does what was put last", () => {
  const cache = new Cache(10);
  cache.put("s", "series");
  for (const key of "ab") cache.put(key, key, 25);
  assert.deepEqual([keys(cache), cache.size, cache.average], ["sb", 25, 25]);
  assert.equal(new Cache(1).average, 0);
});

test("a key has one value", () => {
  const cache = new Cache(10);
  cache.put("a", "old", 4);
  cache.put("a", "new", 5);
  assert.deepEqual([cache.get("a"), cache.size], ["new", 5]);
  cache.delete("a");
  cache.delete("a");
  assert.deepEqual([cache.has("a"), cache.size], [false, 0]);
});
