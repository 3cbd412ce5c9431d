/** Numbers to colours. The first of each kind are those of `keras_saliency/render/colormaps.py`. */

const NOT_FINITE = [0, 230, 64];

const SEQUENTIAL = {
  ember: [
    [0, 0, 4],
    [40, 11, 84],
    [101, 21, 110],
    [159, 42, 99],
    [212, 72, 66],
    [245, 125, 21],
    [250, 193, 39],
    [252, 255, 164],
  ],
  viridis: [
    [68, 1, 84],
    [70, 50, 127],
    [54, 92, 141],
    [39, 127, 142],
    [31, 161, 135],
    [74, 194, 109],
    [159, 218, 58],
    [253, 231, 37],
  ],
  grey: [
    [0, 0, 0],
    [255, 255, 255],
  ],
};
// From zero outwards: the arm of what raises the score, the arm of what lowers it.
const DIVERGING = {
  "red–blue": [
    [
      [255, 255, 255],
      [250, 178, 152],
      [226, 84, 66],
      [158, 12, 30],
    ],
    [
      [255, 255, 255],
      [162, 196, 246],
      [58, 128, 224],
      [18, 60, 150],
    ],
  ],
  "on black": [
    [
      [0, 0, 0],
      [150, 22, 36],
      [236, 94, 70],
      [255, 205, 180],
    ],
    [
      [0, 0, 0],
      [20, 70, 160],
      [70, 144, 236],
      [190, 220, 255],
    ],
  ],
  "orange–purple": [
    [
      [255, 255, 255],
      [253, 194, 120],
      [224, 130, 20],
      [127, 59, 8],
    ],
    [
      [255, 255, 255],
      [196, 188, 220],
      [128, 115, 172],
      [45, 0, 75],
    ],
  ],
};

/** The names of the colour maps for a view. */
export function colormapNames(view) {
  return Object.keys(view === "signed" ? DIVERGING : SEQUENTIAL);
}

/** The name that is used where none is chosen that fits the view: zero is white on a light page, black on a dark one. */
export function fittingColormap(view, name) {
  const names = colormapNames(view);
  if (names.includes(name)) return name;
  return view === "signed" && document.documentElement.dataset.theme === "dark" ? "on black" : names[0];
}

/**
 * RGB rows: 256 from 0 to 1 for an unsigned view; 511 from −1 to 1 for the signed one.
 * `{rows: [[r, g, b], …], zero}`, where `zero` is the row of 0.
 */
export function palette(view, name) {
  const key = fittingColormap(view, name);
  if (!palettes.has(key))
    palettes.set(
      key,
      view === "signed" ? diverging(DIVERGING[key]) : { rows: interpolated(SEQUENTIAL[key], 256), zero: 0 },
    );
  return palettes.get(key);
}

const palettes = new Map();

function diverging(arms) {
  const [up, down] = arms.map((anchors) => interpolated(anchors, 256));
  return { rows: [...down.slice(1).reverse(), ...up], zero: 255 };
}

/** One pixel as ImageData holds it in a Uint32Array, on a little-endian machine. */
export function packed([red, green, blue], alpha = 255) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** The colour of what is no number, in neither scale. */
export const MARK = packed(NOT_FINITE);

function interpolated(anchors, entries) {
  return Array.from({ length: entries }, (_, i) => {
    const at = (i * (anchors.length - 1)) / (entries - 1);
    const left = Math.min(Math.floor(at), anchors.length - 2);
    return anchors[left].map((value, channel) =>
      Math.round(value + (at - left) * (anchors[left + 1][channel] - value)),
    );
  });
}
