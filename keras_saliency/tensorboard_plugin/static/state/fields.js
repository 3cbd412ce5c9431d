/** What is chosen on the page: one frozen object, whose fields have a text each in the address. */

import { VIEWS } from "../data/maps.js";

/**
 * @import { View } from "../data/maps.js"
 *
 * @typedef {"grid" | "probe" | "strip" | "compare" | "curves" | "checks"} Tab
 * @typedef {readonly [run: string, method: string]} Column
 * @typedef {"order" | "name" | "label" | "wrong" | "change" | `in ${string}`} Sort by the enrichment of a region: `in` its name
 *
 * @typedef {object} State
 * @property {Tab} tab
 * @property {string} run empty for the first with maps
 * @property {string} method empty for the first of the run
 * @property {number | "latest"} step
 * @property {number} probe
 * @property {View} view
 * @property {"overlay" | "map" | "image"} layer
 * @property {number} opacity
 * @property {string} colours a colour map's name; empty for the one that fits
 * @property {"map" | "time"} scale what each map is divided by
 * @property {"on" | "off"} outlines of the regions
 * @property {Sort} sort
 * @property {"all" | "right" | "wrong"} show which probes
 * @property {string} find words to filter the probes by
 * @property {readonly number[]} pinned probes that come first
 * @property {number} size of the pictures
 * @property {"none" | "before" | "first"} against what the film strip compares with
 * @property {readonly Column[]} columns of the comparison; empty for what is proposed
 * @property {readonly string[]} hidden runs without curves
 * @property {"main" | "all"} numbers which curves
 * @property {number} level of drift under which a run is stable
 * @property {number} speed looks per second
 */

/**
 * @template Value
 * @typedef {object} Field
 * @property {Value} fallback for a text that is not understood or not there
 * @property {(text: string) => Value} read
 * @property {(value: Value) => string} write
 */

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const RENAMED_COLOURS = new Map([["ember", "inferno"]]);

/** @type {Field<string>} */
const text = { fallback: "", read: (value) => value, write: (value) => value };

/**
 * One of some words, the first where there is another.
 *
 * @template {string} Word
 * @param {Word[]} words
 * @returns {Field<Word>}
 */
const oneOf = (...words) => ({
  fallback: words[0],
  read: (value) => words.find((word) => word === value) ?? words[0],
  write: (value) => value,
});

/**
 * A number, moved between `least` and `most`.
 *
 * @param {number} fallback
 * @param {number} least
 * @param {number} most
 * @returns {Field<number>}
 */
const number = (fallback, least, most) => ({
  fallback,
  read: (value) =>
    DECIMAL.test(value) && Number.isFinite(Number(value)) ? Math.min(most, Math.max(least, Number(value))) : fallback,
  write: String,
});

/** @type {Field<number>} */
const probe = { ...number(0, 0, 1e6), read: (value) => Math.floor(number(0, 0, 1e6).read(value)) };

/** @type {Field<number | "latest">} */
const step = {
  fallback: "latest",
  read: (value) => (/^-?\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) + 0 : "latest"),
  write: String,
};

/** @type {Field<string>} */
const colours = { ...text, read: (value) => RENAMED_COLOURS.get(value) ?? value };

const sorts = oneOf("order", "name", "label", "wrong", "change");

/** @type {Field<Sort>} */
const sort = {
  fallback: sorts.fallback,
  read: (value) => (value.startsWith("in ") ? /** @type {Sort} */ (value) : sorts.read(value)),
  write: String,
};

/**
 * A list as JSON, without what is in it twice or is something else.
 *
 * @template Item
 * @param {(item: unknown) => item is Item} fits
 * @returns {Field<readonly Item[]>}
 */
const list = (fits) => ({
  fallback: Object.freeze(/** @type {Item[]} */ ([])),
  read: (value) => {
    const items = parsed(value);
    const unique = new Map(Array.isArray(items) ? items.filter(fits).map((item) => [JSON.stringify(item), item]) : []);
    return Object.freeze([...unique.values()]);
  },
  write: (value) => JSON.stringify(value),
});

/** @type {(item: unknown) => item is string} */
const isText = (item) => typeof item === "string";
/** @type {(item: unknown) => item is number} */
const isProbe = (item) => Number.isSafeInteger(item) && Number(item) >= 0;
/** @type {(item: unknown) => item is Column} */
const isColumn = (item) => Array.isArray(item) && item.length === 2 && item.every(isText);

/** @type {{ [Name in keyof State]: Field<State[Name]> }} */
const FIELDS = {
  tab: oneOf("grid", "probe", "strip", "compare", "curves", "checks"),
  run: text,
  method: text,
  step,
  probe,
  view: oneOf(...VIEWS),
  layer: oneOf("overlay", "map", "image"),
  opacity: number(0.6, 0, 1),
  colours,
  scale: oneOf("map", "time"),
  outlines: oneOf("on", "off"),
  sort,
  show: oneOf("all", "right", "wrong"),
  find: text,
  pinned: list(isProbe),
  size: number(152, 72, 320),
  against: oneOf("none", "before", "first"),
  columns: list(isColumn),
  hidden: list(isText),
  numbers: oneOf("main", "all"),
  level: number(0.1, 0, 2),
  speed: number(4, 0.5, 60),
};
const NAMES = /** @type {(keyof State)[]} */ (Object.keys(FIELDS));

/**
 * One field's value from a text.
 *
 * @template {keyof State} Name
 * @param {Name} name
 * @param {string} value
 */
export function readField(name, value) {
  return FIELDS[name].read(value);
}

/**
 * The state that texts stand for; what is missing or not understood has its default.
 *
 * @param {Map<string, string>} texts
 * @returns {Readonly<State>}
 */
export function readState(texts) {
  const values = NAMES.map((name) => {
    const value = texts.get(name);
    return [name, value === undefined ? FIELDS[name].fallback : FIELDS[name].read(value)];
  });
  return Object.freeze(Object.fromEntries(values));
}

/**
 * The texts of what is not as by default.
 *
 * @param {State} state
 * @returns {Map<string, string>}
 */
export function writeState(state) {
  return new Map(NAMES.flatMap((name) => written(name, state)));
}

/**
 * @template {keyof State} Name
 * @param {Name} name
 * @param {State} state
 * @returns {[string, string][]}
 */
function written(name, state) {
  const { fallback, write } = FIELDS[name];
  const value = write(state[name]);
  return value === write(fallback) ? [] : [[name, value]];
}

/** @param {string} value */
function parsed(value) {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
