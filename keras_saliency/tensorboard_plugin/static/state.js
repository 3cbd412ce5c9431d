/** What is looked at: one frozen object, kept in the address, so that a link shows the same thing. */

import { VIEWS } from "./maps.js";

const PREFIX = "s.";
const HOME = "saliency";
const WRITE_AFTER = 150;

// Each entry reads one part of the address; what is not understood falls back to the default.
const text = (fallback) => ({ fallback, read: String });
const oneOf = (...values) => ({ fallback: values[0], read: (value) => (values.includes(value) ? value : values[0]) });
const number = (fallback, least, most) => ({
  fallback,
  read: (value) => (Number.isFinite(Number(value)) ? Math.min(most, Math.max(least, Number(value))) : fallback),
});
const list = { fallback: "[]", read: (value) => (Array.isArray(parsed(value)) ? value : "[]") };

const FIELDS = {
  tab: oneOf("grid", "probe", "strip", "compare", "curves", "checks"),
  run: text(""),
  method: text(""),
  step: { fallback: "latest", read: (value) => (/^-?\d+$/.test(value) ? Number(value) : "latest") },
  probe: number(0, 0, 1e6),
  view: oneOf(...VIEWS),
  layer: oneOf("overlay", "map", "image"),
  opacity: number(1, 0, 1),
  colours: text(""),
  scale: oneOf("map", "time"),
  outlines: oneOf("on", "off"),
  sort: oneOf("order", "name", "label", "wrong", "change"),
  show: oneOf("all", "right", "wrong"),
  find: text(""),
  size: number(152, 72, 320),
  against: oneOf("none", "before", "first"),
  columns: list,
  hidden: list,
  numbers: oneOf("main", "all"),
  level: number(0.1, 0, 2),
  speed: number(4, 0.5, 60),
};

/** The state, who listens to it, and the address that holds it. */
export class State {
  constructor() {
    this.listeners = new Set();
    this.window = addressWindow();
    this.now = this.read();
    window.addEventListener("pagehide", () => this.write());
    this.window.addEventListener("hashchange", () => {
      const hash = this.window.location.hash;
      if (hash !== this.written && this.ours(hash)) this.take(this.read());
    });
  }

  /** Changes some fields; everyone is told. The address follows when there is a pause: browsers count its changes. */
  set(patch) {
    this.take({ ...this.now, ...patch });
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.write(), WRITE_AFTER);
  }

  /** Calls `listener` after every change. */
  subscribe(listener) {
    this.listeners.add(listener);
  }

  /** A link that shows the same thing. */
  get link() {
    this.write();
    return this.window.location.href;
  }

  take(next) {
    this.now = Object.freeze(next);
    for (const listener of this.listeners) listener();
  }

  read() {
    const found = new Map(tokens(this.window.location.hash).filter(([, value]) => value !== undefined));
    return Object.freeze(
      Object.fromEntries(
        Object.entries(FIELDS).map(([name, { fallback, read }]) => {
          const stored = found.get(PREFIX + name);
          return [name, stored === undefined ? fallback : read(stored)];
        }),
      ),
    );
  }

  /** Keeps what others have in the hash: TensorBoard's own tab comes first, without a value. */
  write() {
    const others = tokens(this.window.location.hash).filter(([name]) => !name.startsWith(PREFIX) && name);
    if (this.window !== window && !others.some(([, value]) => value === undefined)) others.unshift([HOME]);
    const ours = Object.entries(FIELDS)
      .filter(([name, { fallback }]) => this.now[name] !== fallback)
      .map(([name]) => [PREFIX + name, this.now[name]]);
    const hash = `#${[...others, ...ours].map(token).join("&")}`;
    if (hash === this.window.location.hash) return;
    this.written = hash;
    this.window.history.replaceState(this.window.history.state, "", hash);
  }

  /** Whether a hash is for this page: in TensorBoard other tabs have the hash to themselves. */
  ours(hash) {
    return this.window === window || tokens(hash).some(([name, value]) => name === HOME && value === undefined);
  }
}

/** The window whose address people copy: TensorBoard's, or this one. */
function addressWindow() {
  try {
    if (window.parent.document.querySelector("tb-webapp")) return window.parent;
  } catch {
    // Another origin's page shows this one in a frame: its address is none of ours.
  }
  return window;
}

function tokens(hash) {
  return hash
    .replace(/^#/, "")
    .split("&")
    .map((part) => {
      const [name, value] = part.split("=");
      return value === undefined ? [decoded(name)] : [decoded(name), decoded(value)];
    });
}

function token([name, value]) {
  return value === undefined ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The JSON in a text; undefined where there is none. */
export function parsed(value) {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
