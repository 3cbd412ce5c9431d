/** What is seen, as a file: an element of the page as a picture, and the download of a file. */

import { h, setAttribute, setText, svg } from "./dom.js";

const XHTML = "http://www.w3.org/1999/xhtml";
const LARGEST = 16384; // pixels that a canvas may have along a side
const SHARPER = 2; // pixels of the picture for one of the page, at least
/** What is there to be pressed, and frames that are far from the screen and not drawn. */
const NEEDLESS =
  ".bar > :not(.runs, .parts), details:not([open]), .remove, .pin[aria-pressed=false], .headline .reading, [data-far]";
const NOT_IN_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** A button that makes a file and gives it to the browser to keep; it says how far it is, and where it fails. */
export class SaveButton {
  /**
   * @param {string} text
   * @param {string} title
   * @param {(say: (words: string) => void) => Promise<[Blob, string]>} make the file and its name
   */
  constructor(text, title, make) {
    this.element = h("button", { class: "chip", text, title, onclick: () => this.save() });
    const say = (/** @type {string} */ words) => setText(this.element, words);
    this.save = async () => {
      this.element.disabled = true;
      try {
        download(...(await make(say)));
        say(text);
      } catch (error) {
        say("Could not be saved");
        setAttribute(this.element, "title", error instanceof Error ? error.message : String(error));
      }
      this.element.disabled = false;
    };
  }
}

/**
 * An element of the page as a PNG, under a heading.
 *
 * @param {HTMLElement} element
 * @param {Element[]} heading
 * @returns {Promise<Blob>}
 */
export async function pictureOf(element, heading) {
  const width = element.clientWidth;
  const body = document.createElementNS(XHTML, "body");
  body.append(h("div", { class: "bar" }, ...heading.map(copyOf)), copyOf(element));
  const height = heightOf(body, width);
  body.prepend(h("style", { text: styles() }));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(drawing(body, width, height))}`;
  await image.decode();
  const scale = Math.min(Math.max(SHARPER, devicePixelRatio), LARGEST / Math.max(width, height));
  const canvas = h("canvas", { width: Math.floor(width * scale), height: Math.floor(height * scale) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("There is no picture."))));
  });
}

/**
 * Gives a file to the browser to keep. No request is made: it is in the page already.
 *
 * @param {Blob} blob
 * @param {string} name
 */
function download(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}

/**
 * A name for a file, of what is known of its content.
 *
 * @param {(string | undefined)[]} parts
 * @param {string} kind
 */
export function fileName(parts, kind) {
  const words = parts
    .filter(Boolean)
    .join("_")
    .replace(/[^\p{L}\p{N}.-]+/gu, "_");
  return `saliency_${words.slice(0, 100)}.${kind}`;
}

/**
 * A copy of an element that is drawn as it is, but for what is needless: its canvases become images.
 *
 * @param {Element} element
 */
function copyOf(element) {
  const copy = /** @type {Element} */ (element.cloneNode(true));
  const canvases = element.querySelectorAll("canvas");
  for (const [at, canvas] of copy.querySelectorAll("canvas").entries()) {
    const image = h("img", { src: canvases[at].hidden ? "" : canvases[at].toDataURL(), alt: "" });
    for (const { name, value } of canvas.attributes) image.setAttribute(name, value);
    canvas.replaceWith(image);
  }
  for (const needless of copy.querySelectorAll(NEEDLESS)) needless.remove();
  for (const bar of copy.querySelectorAll(".bar:empty")) bar.remove();
  return copy;
}

/**
 * How high a document is that is so wide.
 *
 * @param {Element} body
 * @param {number} width
 */
function heightOf(body, width) {
  const room = h("div", { style: `position: absolute; visibility: hidden; width: ${width}px` }, ...body.children);
  document.body.append(room);
  const height = Math.ceil(room.getBoundingClientRect().height);
  body.append(...room.children);
  room.remove();
  return height;
}

/**
 * A document as SVG.
 *
 * @param {Element} body
 * @param {number} width
 * @param {number} height
 */
function drawing(body, width, height) {
  const theme = document.documentElement.dataset.theme;
  const page = svg("foreignObject", { width: "100%", height: "100%" }, body);
  const root = svg("svg", { width, height, "data-theme": theme }, page);
  return new XMLSerializer().serializeToString(root).replace(NOT_IN_XML, "\ufffd");
}

function styles() {
  const style = /** @type {HTMLStyleElement | HTMLLinkElement} */ (document.getElementById("saliency-style"));
  return [...(style.sheet?.cssRules ?? [])].map(({ cssText }) => cssText).join("\n");
}
