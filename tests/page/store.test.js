import assert from "node:assert/strict";
import test from "node:test";

import { Store } from "../../keras_saliency/tensorboard_plugin/static/state/store.js";

/** @import { Address } from "../../keras_saliency/tensorboard_plugin/static/state/address.js" */

/** An address that counts how often it is written. */
function addressOf(texts = new Map()) {
  return {
    texts,
    writes: 0,
    changed: () => {},
    leaving: () => {},
    read() {
      return this.texts;
    },
    linkTo: (/** @type {Map<string, string>} */ next) => `link?${new URLSearchParams([...next])}`,
    write(/** @type {Map<string, string>} */ next) {
      this.writes++;
      this.texts = next;
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
  store.set({ probe: 2 });
  assert.equal(store.link, "link?step=3&probe=2");
  assert.equal(address.writes, 0);
  address.leaving();
  assert.deepEqual([...address.texts], Object.entries({ step: "3", probe: "2" }));
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
