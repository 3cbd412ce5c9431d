/** One probe as a picture: the input, the map over it, the regions' edges, and a message where there is no map. */

import { h, setAttribute, setText, svg } from "./dom.js";
import { drawChange, drawMap, drawPicture } from "./draw.js";

const SHARP_BELOW = 96;

export class Cell {
  constructor() {
    this.picture = h("canvas", { class: "picture" });
    this.heat = h("canvas", { class: "heat" });
    this.outlines = svg("svg", { class: "outlines", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.note = h("span", { class: "note" });
    this.element = h("div", { class: "cell" }, this.picture, this.heat, this.outlines, this.note);
    this.drawn = {};
  }

  /** The input, dimmed where a map lies over it. */
  showProbe(probes, probe, state) {
    const dimmed = state.layer === "overlay";
    this.picture.style.visibility = state.layer === "map" ? "hidden" : "visible";
    this.once("picture", [probes, probe, dimmed], () => {
      const picture = probes.picture(probe);
      this.element.style.aspectRatio = probes.aspect;
      this.picture.hidden = !picture;
      if (picture) drawPicture(this.picture, picture, dimmed);
      if (picture) sharpen(this.picture);
    });
    this.once("outlines", [probes, probe, state.outlines], () =>
      this.outline(state.outlines === "on" ? probes : null, probe),
    );
  }

  /** The map of a probe: `look` is `{key, maps, divisor}`; maps that are on their way leave what is drawn. */
  showMap(look, probe, state, palette) {
    const { maps, divisor } = look;
    this.element.classList.toggle("waiting", maps === undefined);
    if (maps === undefined) return;
    const through = state.layer === "overlay" && !this.picture.hidden;
    this.heat.hidden = (state.layer === "image" && !this.picture.hidden) || Boolean(maps.error);
    this.heat.style.opacity = through ? state.opacity : 1;
    setText(this.note, maps.error ? "cannot be read" : messageOf(maps, probe, state.view));
    setAttribute(this.note, "title", maps.error);
    if (maps.error || this.heat.hidden) return;
    this.once("heat", [maps.id, probe, state.view, palette, divisor, through], () => {
      drawMap(this.heat, maps, probe, state.view, palette, divisor, through);
      sharpen(this.heat);
    });
  }

  /** Half the difference of two maps. */
  showChange(now, before, probe, palette) {
    this.element.classList.toggle("waiting", !now.maps || !before.maps);
    if (!now.maps || !before.maps) return;
    const error = now.maps.error ?? before.maps.error;
    this.heat.hidden = Boolean(error);
    this.heat.style.opacity = 1;
    setText(this.note, error ? "cannot be read" : "");
    setAttribute(this.note, "title", error);
    if (error) return;
    this.once("heat", [now.maps.id, before.maps.id, probe, palette, now.divisor, before.divisor], () => {
      drawChange(this.heat, now.maps, before.maps, probe, palette, [now.divisor, before.divisor]);
      sharpen(this.heat);
    });
  }

  /** No map, and why: such as a look that a run does not have. */
  showNothing(words) {
    this.element.classList.remove("waiting");
    this.heat.hidden = true;
    setText(this.note, words);
    setAttribute(this.note, "title", null);
  }

  outline(probes, probe) {
    const edges = probes
      ? probes.regions.map((region) => ({ name: region.name, ...probes.outline(region, probe) }))
      : [];
    this.outlines.replaceChildren(
      ...edges.flatMap(({ name, path, width, height }) => {
        const frame = svg("svg", {
          viewBox: `0 0 ${width} ${height}`,
          preserveAspectRatio: "none",
          width: "100%",
          height: "100%",
          "data-region": name,
        });
        frame.append(svg("path", { class: "shadow", d: path }), svg("path", { class: "line", d: path }));
        return [frame];
      }),
    );
  }

  /** Draws a part only if what it is drawn from has changed. */
  once(part, from, draw) {
    const before = this.drawn[part];
    if (before && from.every((value, at) => Object.is(value, before[at]))) return;
    this.drawn[part] = from;
    draw();
  }
}

/** What a map is drawn from: its maps, and what they are divided by under the chosen scaling. */
export function lookAt(app, run, method, step, probe, view = app.state.view) {
  const maps = app.maps(run, method, step);
  if (!maps || maps.error) return { maps, divisor: 0 };
  const overTime = app.state.scale === "time";
  return { maps, divisor: overTime ? app.series(run, method).largest(view, probe) : maps.ownDivisor(view, probe) };
}

function messageOf(maps, probe, view) {
  if (!maps.finite(probe)) return "not finite";
  return maps.ownDivisor(view, probe) === 0 ? "all zero" : "";
}

/** Small images as squares, larger ones smooth. */
function sharpen(canvas) {
  canvas.classList.toggle("sharp", Math.max(canvas.width, canvas.height) <= SHARP_BELOW);
}
