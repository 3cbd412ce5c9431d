import assert from "node:assert/strict";
import test from "node:test";

import { Address, hashWith, namesUs, textsOf } from "../../keras_saliency/tensorboard_plugin/static/state/address.js";

test("the texts of the state are read from among what others have in the hash", () => {
  const texts = textsOf("#saliency&s.run=a%2Fb&x=1&s.find=a=b&s.tab&s.step=1&s.step=2");
  assert.deepEqual(Object.fromEntries(texts), { run: "a/b", find: "a=b", step: "2" });
});

test("what is not well encoded is taken as it is", () => {
  assert.equal(textsOf("#s.run=%E0%A4%A").get("run"), "%E0%A4%A");
  assert.equal(textsOf("").size, 0);
  assert.equal(textsOf("#&&=&s.=x").get(""), "x");
});

test("what others have in the hash stays as it is", () => {
  const others = "#scalars&runSelectionState=eyJhIjp0cnVlfQ==&q=a%20b";
  assert.equal(hashWith(`${others}&s.step=3`, new Map([["step", "4"]]), false), `${others}&s.step=4`);
  assert.equal(hashWith(`${others}&s.step=3`, new Map(), false), others);
});

test("in TensorBoard the tab's name comes first", () => {
  assert.equal(hashWith("", new Map([["step", "4"]]), true), "#saliency&s.step=4");
  assert.equal(hashWith("#saliency&s.step=3", new Map([["step", "4"]]), true), "#saliency&s.step=4");
  assert.equal(hashWith("", new Map([["step", "4"]]), false), "#s.step=4");
});

test("every text comes back, but for half characters", () => {
  for (const text of ["", " ", "a&b=c#d%", "猫 & 𝒳", "\u0000"]) {
    assert.equal(textsOf(hashWith("", new Map([["run", text]]), false)).get("run"), text);
  }
  assert.equal(textsOf(hashWith("", new Map([["run", "a\udc80b"]]), false)).get("run"), "a\ufffdb");
});

test("a hash for this tab names it without a value", () => {
  assert.ok(namesUs("#saliency&s.step=1"));
  assert.ok(!namesUs("#scalars"));
  assert.ok(!namesUs("#saliency=1"));
});

test("the address is written where TensorBoard's window is, and a change of it is told once", () => {
  const host = windowOf("http://x/#saliency&s.step=1", true);
  const address = new Address(asWindow({ ...windowOf("http://x/frame", false), parent: host }));
  /** @type {string[]} */
  const told = [];
  address.follow(
    () => told.push("changed"),
    () => told.push("leaving"),
  );
  assert.deepEqual([...address.read()], [["step", "1"]]);
  assert.equal(address.linkTo(new Map([["step", "2"]])), "http://x/#saliency&s.step=2");
  assert.equal(host.location.hash, "#saliency&s.step=1");
  address.write(new Map([["step", "3"]]));
  assert.equal(host.location.hash, "#saliency&s.step=3");
  host.listeners.hashchange();
  assert.deepEqual(told, []);
  host.location.hash = "#scalars";
  host.listeners.hashchange();
  assert.deepEqual(told, []);
  host.location.hash = "#saliency&s.step=9";
  host.listeners.hashchange();
  assert.deepEqual(told, ["changed"]);
});

test("a new entry of the history, back from it and on to it again", () => {
  const page = windowOf("http://x/#s.step=1", false);
  const address = new Address(asWindow(page));
  let told = 0;
  address.follow(
    () => told++,
    () => {},
  );
  address.write(new Map([["step", "2"]]));
  address.write(new Map([["tab", "strip"]]), true);
  assert.deepEqual(page.entries, ["#s.tab=strip"]);
  for (const [at, hash] of ["#s.step=2", "#s.tab=strip"].entries()) {
    page.location.hash = hash;
    page.listeners.hashchange();
    assert.equal(told, at + 1);
  }
  address.write(new Map([["tab", "strip"]]), true);
  assert.equal(page.entries.length, 1);
});

test("a page without an address keeps its state to itself", () => {
  const refuse = () => {
    throw new Error("A document of about:srcdoc has no history.");
  };
  const page = {
    ...windowOf("about:srcdoc", false),
    history: { state: null, pushState: refuse, replaceState: refuse },
  };
  const address = new Address(asWindow(page));
  address.write(new Map([["step", "2"]]));
  address.write(new Map([["tab", "strip"]]), true);
  assert.equal(address.read().size, 0);
});

/**
 * As much of a window as an address needs.
 *
 * @param {string} href
 * @param {boolean} tensorboard
 */
function windowOf(href, tensorboard) {
  const { hash } = new URL(href);
  /** @type {Record<string, () => void>} */
  const listeners = {};
  const location = { href, hash };
  /** @type {string[]} */
  const entries = [];
  return {
    entries,
    listeners,
    location,
    document: { querySelector: () => (tensorboard ? {} : null) },
    history: {
      state: null,
      replaceState: (/** @type {[null, string, string]} */ ...to) => (location.hash = new URL(to[2]).hash),
      pushState: (/** @type {[null, string, string]} */ ...to) => entries.push((location.hash = new URL(to[2]).hash)),
    },
    addEventListener: (/** @type {string} */ name, /** @type {() => void} */ act) => (listeners[name] = act),
  };
}

/**
 * @param {unknown} fake
 * @returns {Window & typeof globalThis}
 */
function asWindow(fake) {
  return /** @type {Window & typeof globalThis} */ (fake);
}
