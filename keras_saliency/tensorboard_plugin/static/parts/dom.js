/** Making elements. Text goes in as text: nothing here parses HTML. */

/**
 * @typedef {string | number | boolean | null | undefined} Value of an attribute
 * @typedef {Node | string | null | undefined} Child
 *
 * @typedef {{ [Name in keyof HTMLElementEventMap as `on${Name}`]?: (event: HTMLElementEventMap[Name]) => unknown }} Handlers
 * @typedef {Record<string, Value | ((event: never) => unknown)> & Handlers} Properties `text`, `on…` functions, and
 *   attributes
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with properties and children.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} properties
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/**
 * The same for SVG.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} properties
 * @param {Child[]} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

/**
 * Sets the text of an element that holds nothing else, if it is not that already.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  const { firstChild } = element;
  if (!(firstChild instanceof Text)) element.textContent = text;
  else if (firstChild.data !== text) firstChild.data = text;
}

/**
 * Makes `children` the element's children, touching nothing if they are.
 *
 * @param {Element} element
 * @param {Node[]} children
 */
export function setChildren(element, children) {
  const same =
    element.childNodes.length === children.length && children.every((child, i) => element.childNodes[i] === child);
  if (!same) element.replaceChildren(...children);
}

/**
 * Sets or removes an attribute.
 *
 * @param {Element} element
 * @param {string} name
 * @param {Value} value
 */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value))
    element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * @template {Element} Made
 * @param {Made} element
 * @param {Properties} properties
 * @param {Child[]} children
 */
function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name === "text") element.textContent = String(value);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
