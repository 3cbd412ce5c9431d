/** Words that shorten in the middle where there is no room, with what stays whole before and after them. */

import { h, setAttribute, setText } from "./dom.js";

const TAIL = 6;
const WHOLE = 8;

export class Short {
  /** @param {string} kind a class of the element */
  constructor(kind) {
    this.verb = h("span", { class: "verb" });
    this.start = h("span", { class: "start" });
    this.end = h("span", { class: "end" });
    this.after = h("span", { class: "whole" });
    this.core = h("span", { class: "core" }, this.start, this.end, this.after);
    this.element = h("span", { class: `short ${kind}` }, this.verb, this.core);
  }

  /**
   * @param {string} words
   * @param {object} [around]
   * @param {string} [around.verb] before the words; it is left out where there is no room for all
   * @param {string} [around.after] behind the words, never shortened
   * @param {string | null} [around.title] the words where there is none
   */
  write(words, { verb = "", after = "", title = words } = {}) {
    const characters = [...words];
    const tail = characters.length > WHOLE ? TAIL : 0;
    this.core.classList.toggle("long", tail > 0);
    setText(this.verb, verb);
    setText(this.start, characters.slice(0, characters.length - tail).join(""));
    setText(this.end, characters.slice(characters.length - tail).join(""));
    setText(this.after, after);
    setAttribute(this.element, "title", title);
  }
}
