import assert from "node:assert/strict";
import test from "node:test";

import { Store } from "../../keras_saliency/tensorboard_plugin/static/state/store.js";

/** @import { Address } from "../../keras_saliency/tensorboard_plugin/static/state/address.js" */

/** An address that counts how often it is written. */
function addressOf(texts = new Map()) {
  return {
    texts,
    writes: 0,
    /** What a new entry of the history was made with. @type {object[]} */
    entries: [],
    changed: () => {},
    leaving: () => {},
    read() {
      return this.texts;
    },
    linkTo: (/** @type {Map<string, string>} */ next) => `link?${new URLSearchParams([...next])}`,
    write(/** @type {Map<string, string>} */ next, anew = false) {
      this.writes++;
      this.texts = next;
      if (anew) this.entries.push(Object.fromEntries(next));
    },
    follow(/** @type {() => void} */ changed, /** @type {() => void} */ leaving) {
      Object.assign(this, { changed, leaving });
    },
  };
}

/** @param {ReturnType<typeof addressOf>} address */
function storeOf(address, changed = () => {}) {
  return new Store(/** @type {Address} */ (/** @type {unknown} */ (address)), changed);
}

test("the link is what the address will be, and reading it writes nothing", () => {
  const address = addressOf(new Map([["step", "3"]]));
  const store = storeOf(address);
  assert.equal(store.now.step, 3);
  store.set({ view: "signed" });
  assert.equal(store.link, "link?step=3&view=signed");
  assert.equal(address.writes, 0);
  address.leaving();
  assert.deepEqual([...address.texts], Object.entries({ step: "3", view: "signed" }));
});

test("the address follows once there is a pause", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const address = addressOf();
  const store = storeOf(address);
  store.set({ step: 1 });
  context.mock.timers.tick(100);
  store.set({ step: 2 });
  context.mock.timers.tick(100);
  assert.equal(address.writes, 0);
  context.mock.timers.tick(100);
  assert.equal(address.writes, 1);
  assert.equal(address.texts.get("step"), "2");
});

test("every change is told, also one of the address", () => {
  const address = addressOf();
  let told = 0;
  const store = storeOf(address, () => told++);
  store.set({ hidden: ["a"] });
  assert.ok(Object.isFrozen(store.now));
  address.texts = new Map([["hidden", '["b"]']]);
  address.changed();
  assert.equal(told, 2);
  assert.deepEqual(store.now.hidden, ["b"]);
  assert.ok(Object.isFrozen(store.now));
});

test("another view or probe is a new entry of the history, and what was before is written first", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const address = addressOf();
  const store = storeOf(address);
  store.set({ step: 4 });
  store.set({ tab: "probe" });
  assert.deepEqual([address.writes, [...address.texts]], [1, [["step", "4"]]]);
  store.set({ step: 5 });
  context.mock.timers.tick(200);
  assert.deepEqual(address.entries, [{ tab: "probe", step: "5" }]);
  store.set({ step: 6 });
  context.mock.timers.tick(200);
  assert.equal(address.entries.length, 1);
  for (const probe of [1, 2, 3]) store.set({ probe });
  context.mock.timers.tick(200);
  assert.deepEqual(address.entries.slice(1), [{ tab: "probe", step: "6", probe: "3" }]);
  store.set({ tab: "grid" });
  address.leaving();
  assert.equal(address.entries.length, 3);
});

test("what the browser's Back brings is not written over by what was waiting", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const address = addressOf();
  const store = storeOf(address);
  store.set({ tab: "strip" });
  address.texts = new Map([["step", "1"]]);
  address.changed();
  context.mock.timers.tick(200);
  assert.deepEqual([store.now.tab, store.now.step, [...address.texts]], ["grid", 1, [["step", "1"]]]);
});
