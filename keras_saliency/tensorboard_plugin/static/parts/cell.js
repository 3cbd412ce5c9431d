/** One probe as a picture: the input, the map over it, the regions' edges, and a message where there is no map. */

import { Maps, Unreadable } from "../data/maps.js";
import { h, setAttribute, setText, svg } from "./dom.js";
import { Pixels } from "./pixels.js";
import { Once } from "./reuse.js";

/**
 * @import { Palette } from "../data/colormaps.js"
 * @import { View } from "../data/maps.js"
 * @import { Probes } from "../data/probes.js"
 * @import { App } from "../state/app.js"
 * @import { State } from "../state/fields.js"
 *
 * @typedef {object} Look what a map is drawn from: its maps, undefined while they are on their way, and what they are
 *   divided by under the chosen scaling
 * @property {Maps | Unreadable | undefined} maps
 * @property {number} divisor
 */

const SHARP_BELOW = 96;
/** The lines around a region, as in the style sheet. @type {[number, string][]} */
const OUTLINE = [
  [3, "rgb(0 0 0 / 65%)"],
  [1.25, "#00e5ff"],
];

export class Cell {
  constructor() {
    this.picture = h("canvas", { class: "picture" });
    this.heat = h("canvas", { class: "heat" });
    this.outlines = svg("svg", { class: "outlines", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.note = h("span", { class: "note" });
    this.element = h("div", { class: "cell" }, this.picture, this.heat, this.outlines, this.note);
    this.pixels = { picture: new Pixels(this.picture), heat: new Pixels(this.heat) };
    this.drawn = { picture: new Once(), heat: new Once(), outlines: new Once() };
  }

  /**
   * The input, dimmed where a map lies over it.
   *
   * @param {Probes} probes
   * @param {number} probe
   * @param {State} state
   */
  showProbe(probes, probe, state) {
    const dimmed = state.layer === "overlay";
    this.picture.style.visibility = state.layer === "map" ? "hidden" : "visible";
    this.drawn.picture.draw([probes, probe, dimmed], () => {
      const picture = probes.picture(probe);
      this.element.style.aspectRatio = String(probes.aspect);
      this.picture.hidden = !picture;
      if (picture) this.pixels.picture.picture(picture, dimmed);
      if (picture) sharpen(this.picture);
    });
    const outlined = state.outlines === "on";
    this.drawn.outlines.draw([probes, probe, outlined], () => this.outline(outlined ? probes : null, probe));
  }

  /**
   * The map of a probe; what is on its way leaves what is drawn.
   *
   * @param {Look} look
   * @param {number} probe
   * @param {State} state
   * @param {Palette} palette
   */
  showMap({ maps, divisor }, probe, state, palette) {
    this.element.classList.toggle("waiting", maps === undefined);
    if (maps === undefined) return;
    if (maps instanceof Unreadable) {
      this.showNothing("cannot be read", maps.error);
      return;
    }
    const through = state.layer === "overlay" && !this.picture.hidden;
    this.heat.hidden = state.layer === "image" && !this.picture.hidden;
    this.heat.style.opacity = String(through ? state.opacity : 1);
    this.say(messageOf(maps, probe, state.view));
    if (this.heat.hidden) return;
    this.drawn.heat.draw([maps.id, probe, state.view, palette, divisor, through], () => {
      this.pixels.heat.map(maps, probe, state.view, palette, divisor, through);
      sharpen(this.heat);
    });
  }

  /**
   * Half the difference of two maps.
   *
   * @param {Look} now
   * @param {Look} before
   * @param {number} probe
   * @param {Palette} palette
   */
  showChange({ maps, divisor }, before, probe, palette) {
    this.element.classList.toggle("waiting", !maps || !before.maps);
    const { maps: earlier, divisor: other } = before;
    if (!maps || !earlier) return;
    if (maps instanceof Unreadable || earlier instanceof Unreadable) {
      const { error } = maps instanceof Unreadable ? maps : /** @type {Unreadable} */ (earlier);
      this.showNothing("cannot be read", error);
      return;
    }
    this.heat.hidden = false;
    this.heat.style.opacity = "1";
    this.say("");
    this.drawn.heat.draw([maps.id, earlier.id, probe, palette, divisor, other], () => {
      this.pixels.heat.change(maps, earlier, probe, palette, [divisor, other]);
      sharpen(this.heat);
    });
  }

  /**
   * No map, and why: such as a look that a run does not have.
   *
   * @param {string} words
   * @param {string} [title]
   */
  showNothing(words, title) {
    this.element.classList.remove("waiting");
    this.heat.hidden = true;
    this.say(words, title);
  }

  /**
   * Draws what is seen into another canvas, from its corner on.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} height
   */
  paint(context, width, height) {
    const shown = [this.picture, this.heat].filter(({ hidden, style }) => !hidden && style.visibility !== "hidden");
    for (const canvas of shown) {
      context.imageSmoothingEnabled = !canvas.classList.contains("sharp");
      context.globalAlpha = Number(canvas.style.opacity || 1);
      context.drawImage(canvas, 0, 0, width, height);
    }
    context.globalAlpha = 1;
    for (const { viewBox, children } of /** @type {Iterable<SVGSVGElement>} */ (this.outlines.children)) {
      const path = new Path2D();
      const [a, d] = [width / viewBox.baseVal.width, height / viewBox.baseVal.height];
      path.addPath(new Path2D(children[0].getAttribute("d") ?? ""), { a, d });
      for (const [lineWidth, strokeStyle] of OUTLINE) {
        Object.assign(context, { lineWidth, strokeStyle });
        context.stroke(path);
      }
    }
    const words = this.note.textContent;
    if (!words) return;
    Object.assign(context, { fillStyle: "#000a", font: "13px system-ui, sans-serif", textBaseline: "middle" });
    context.fillRect(0, height - 22, width, 22);
    context.fillStyle = "#fff";
    context.fillText(words, 6, height - 11, width - 12);
  }

  /**
   * @param {string} words
   * @param {string} [title]
   */
  say(words, title) {
    setText(this.note, words);
    setAttribute(this.note, "title", title);
  }

  /**
   * @param {Probes | null} probes
   * @param {number} probe
   */
  outline(probes, probe) {
    const regions = probes?.regions ?? [];
    this.outlines.replaceChildren(
      ...regions.map((region) => {
        const { path, width, height } = /** @type {Probes} */ (probes).outline(region, probe);
        return svg(
          "svg",
          {
            viewBox: `0 0 ${width} ${height}`,
            preserveAspectRatio: "none",
            width: "100%",
            height: "100%",
            "data-region": region.name,
          },
          svg("path", { class: "shadow", d: path }),
          svg("path", { class: "line", d: path }),
        );
      }),
    );
  }
}

/**
 * What a map is drawn from.
 *
 * @param {App} app
 * @param {string} run
 * @param {string} method
 * @param {number | undefined} step
 * @param {number} probe
 * @param {View} view
 * @returns {Look}
 */
export function lookAt(app, run, method, step, probe, view = app.state.view) {
  const maps = step === undefined ? undefined : app.library.maps(run, method, step);
  if (!(maps instanceof Maps)) return { maps, divisor: 0 };
  if (app.state.scale === "map") return { maps, divisor: maps.ownDivisor(view, probe) };
  return { maps, divisor: app.library.series(run, method)?.largest(view, probe) ?? 0 };
}

/**
 * @param {Maps} maps
 * @param {number} probe
 * @param {View} view
 */
function messageOf(maps, probe, view) {
  if (!maps.finite(probe)) return "not finite";
  return maps.ownDivisor(view, probe) === 0 ? "all zero" : "";
}

/**
 * Small images as squares, larger ones smooth.
 *
 * @param {HTMLCanvasElement} canvas
 */
function sharpen(canvas) {
  canvas.classList.toggle("sharp", Math.max(canvas.width, canvas.height) <= SHARP_BELOW);
}
