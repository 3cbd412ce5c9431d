/** The part of the address after `#`, where the state stands beside what others have there. */

const PREFIX = "s.";
const HOME = "saliency";
const LONE_SURROGATES = /\p{Surrogate}/gu;

/**
 * The texts of the state in a hash, by field.
 *
 * @param {string} hash
 * @returns {Map<string, string>}
 */
export function textsOf(hash) {
  const ours = tokens(hash).filter(({ name, value }) => name.startsWith(PREFIX) && value !== undefined);
  return new Map(ours.map(({ name, value = "" }) => [name.slice(PREFIX.length), value]));
}

/**
 * A hash with these texts, and with what others have in it as it is.
 *
 * @param {string} hash
 * @param {Map<string, string>} texts
 * @param {boolean} hosted whether TensorBoard's own tab has to come first, without a value
 */
export function hashWith(hash, texts, hosted) {
  const others = tokens(hash).filter(({ name }) => name && !name.startsWith(PREFIX));
  const home = hosted && !others.some(({ value }) => value === undefined) ? [HOME] : [];
  const ours = [...texts].map(([name, value]) => `${encoded(PREFIX + name)}=${encoded(value)}`);
  return `#${[...home, ...others.map(({ part }) => part), ...ours].join("&")}`;
}

/**
 * Whether TensorBoard's hash names this tab: other tabs have the hash to themselves.
 *
 * @param {string} hash
 */
export function namesUs(hash) {
  return tokens(hash).some(({ name, value }) => name === HOME && value === undefined);
}

/** The address that people copy: of TensorBoard's window, or of this one. */
export class Address {
  constructor(page = window) {
    this.page = page;
    this.window = addressWindow(page);
    this.hosted = this.window !== page;
    this.known = this.window.location.hash;
  }

  /** The texts of the state. */
  read() {
    return textsOf(this.window.location.hash);
  }

  /**
   * The address with these texts.
   *
   * @param {Map<string, string>} texts
   */
  linkTo(texts) {
    const { href, hash } = this.window.location;
    return href.split("#")[0] + hashWith(hash, texts, this.hosted);
  }

  /**
   * Makes the texts the address: in a new entry of the history, to which the browser's Back returns, or in the current
   * one.
   *
   * @param {Map<string, string>} texts
   * @param {boolean} [anew]
   */
  write(texts, anew = false) {
    const { location, history } = this.window;
    const next = hashWith(location.hash, texts, this.hosted);
    if (next === location.hash) return;
    try {
      history[anew ? "pushState" : "replaceState"](history.state, "", this.linkTo(texts));
      this.known = next;
    } catch {
      // Frames whose document is text (srcdoc) have no address, and browsers refuse very many changes.
    }
  }

  /**
   * Calls `changed` when someone else changes our part of the address, also the browser's Back, and `leaving` when the
   * page goes.
   *
   * @param {() => void} changed
   * @param {() => void} leaving
   */
  follow(changed, leaving) {
    this.page.addEventListener("pagehide", leaving);
    this.window.addEventListener("hashchange", () => {
      const { hash } = this.window.location;
      if (hash === this.known || (this.hosted && !namesUs(hash))) return;
      this.known = hash;
      changed();
    });
  }
}

/** @param {Window} page */
function addressWindow(page) {
  try {
    if (page.parent.document.querySelector("tb-webapp")) return page.parent;
  } catch {
    // Another origin's page shows this one in a frame: its address is none of ours.
  }
  return page;
}

/** @param {string} hash */
function tokens(hash) {
  return hash
    .replace(/^#/, "")
    .split("&")
    .map((part) => {
      const [name, ...rest] = part.split("=");
      return { part, name: decoded(name), value: rest.length ? decoded(rest.join("=")) : undefined };
    });
}

/** @param {string} text */
function encoded(text) {
  return encodeURIComponent(text.replace(LONE_SURROGATES, "\ufffd"));
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
