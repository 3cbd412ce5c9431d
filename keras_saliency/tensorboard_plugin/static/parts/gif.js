/** Animated GIFs (GIF89a, CompuServe 1990): 256 colours for all frames, LZW as of Welch 1984. */

const BITS = 6; // of each channel, where colours are counted
const SHIFT = 8 - BITS;
const MOST_COLOURS = 256;
const [CLEAR, END, LARGEST] = [256, 257, 4096];

/**
 * @typedef {{ bins: number[], channel: number, from: number, to: number }} Box colours that will be one, and where they are
 *   farthest apart
 */

/** The colours that stand for all others: the box that is widest is cut in its middle, until there are 256. */
export class Colours {
  constructor() {
    const bins = 1 << (3 * BITS);
    this.counts = new Uint32Array(bins);
    this.sums = [0, 1, 2].map(() => new Float64Array(bins));
    /** @type {Int16Array} */
    this.nearest = new Int16Array(bins).fill(-1);
    /** @type {number[][]} */
    this.rows = [];
  }

  /**
   * Takes the colours of an image into account.
   *
   * @param {Uint8ClampedArray} pixels RGBA
   */
  count(pixels) {
    for (let i = 0; i < pixels.length; i += 4) {
      const bin = binOf(pixels[i], pixels[i + 1], pixels[i + 2]);
      this.counts[bin]++;
      for (let channel = 0; channel < 3; channel++) this.sums[channel][bin] += pixels[i + channel];
    }
  }

  /** Chooses the colours. */
  choose() {
    const used = [...this.counts.keys()].filter((bin) => this.counts[bin] > 0);
    const boxes = [boxOf(used)];
    while (boxes.length < MOST_COLOURS) {
      const at = boxes.reduce((best, box, i) => (widthOf(box) > widthOf(boxes[best]) ? i : best), 0);
      const { bins, channel, from, to } = boxes[at];
      if (from === to) break;
      const isLow = (/** @type {number} */ bin) => part(bin, channel) <= (from + to) / 2;
      boxes.splice(at, 1, boxOf(bins.filter(isLow)), boxOf(bins.filter((bin) => !isLow(bin))));
    }
    this.rows = boxes.map(({ bins }) => this.mean(bins));
    for (const [row, { bins }] of boxes.entries()) for (const bin of bins) this.nearest[bin] = row;
  }

  /**
   * The rows of the pixels of an image.
   *
   * @param {Uint8ClampedArray} pixels RGBA
   */
  indices(pixels) {
    const rows = new Uint8Array(pixels.length / 4);
    for (let i = 0, at = 0; i < rows.length; i++, at += 4) {
      const bin = binOf(pixels[at], pixels[at + 1], pixels[at + 2]);
      if (this.nearest[bin] < 0) this.nearest[bin] = this.search(pixels[at], pixels[at + 1], pixels[at + 2]);
      rows[i] = this.nearest[bin];
    }
    return rows;
  }

  /** @param {number[]} bins */
  mean(bins) {
    /** @type {(values: ArrayLike<number>) => number} */
    const total = (values) => bins.reduce((sum, bin) => sum + values[bin], 0);
    return this.sums.map((sums) => Math.round(total(sums) / total(this.counts)));
  }

  /**
   * @param {number} red
   * @param {number} green
   * @param {number} blue
   */
  search(red, green, blue) {
    const distances = this.rows.map(([r, g, b]) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2);
    return distances.reduce((best, distance, row) => (distance < distances[best] ? row : best), 0);
  }
}

/** A GIF that repeats for ever; frames are added one by one. */
export class Gif {
  /**
   * @param {number} width
   * @param {number} height
   * @param {number[][]} colours
   */
  constructor(width, height, colours) {
    this.size = [...short(width), ...short(height)];
    const table = Array.from({ length: MOST_COLOURS }, (_, row) => colours[row] ?? [0, 0, 0]).flat();
    const repeat = [0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, 0, 0, 0];
    this.parts = [Uint8Array.from([...ascii("GIF89a"), ...this.size, 0xf7, 0, 0, ...table, ...repeat])];
  }

  /**
   * @param {Uint8Array} rows of the colours, for each pixel
   * @param {number} seconds how long it is shown
   */
  add(rows, seconds) {
    const control = [0x21, 0xf9, 4, 4, ...short(Math.round(100 * seconds)), 0, 0];
    this.parts.push(Uint8Array.from([...control, 0x2c, 0, 0, 0, 0, ...this.size, 0, 8]), blocks(compressed(rows)));
  }

  /** The file. */
  blob() {
    return new Blob([...this.parts, Uint8Array.of(0x3b)], { type: "image/gif" });
  }
}

/**
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
function binOf(red, green, blue) {
  return ((red >> SHIFT) << (2 * BITS)) | ((green >> SHIFT) << BITS) | (blue >> SHIFT);
}

/**
 * @param {number} bin
 * @param {number} channel
 */
function part(bin, channel) {
  return (bin >> (BITS * (2 - channel))) & ((1 << BITS) - 1);
}

/**
 * @param {number[]} bins
 * @returns {Box}
 */
function boxOf(bins) {
  const sides = [0, 1, 2].map((channel) => {
    const parts = bins.map((bin) => part(bin, channel));
    const [from, to] = [parts.reduce((a, b) => Math.min(a, b)), parts.reduce((a, b) => Math.max(a, b))];
    return { bins, channel, from, to };
  });
  return sides.reduce((widest, side) => (widthOf(side) > widthOf(widest) ? side : widest));
}

/** @param {Box} box */
function widthOf({ from, to }) {
  return to - from;
}

/**
 * LZW with codes of 9 to 12 bits.
 *
 * @param {Uint8Array} rows
 */
function compressed(rows) {
  const bytes = new Uint8Array(2 * rows.length + 16);
  const known = new Map();
  let [length, held, bits, width, next] = [0, 0, 0, 9, END + 1];
  const emit = (/** @type {number} */ code) => {
    held |= code << bits;
    for (bits += width; bits >= 8; bits -= 8, held >>>= 8) bytes[length++] = held & 255;
  };
  emit(CLEAR);
  let prefix = rows[0];
  for (let i = 1; i < rows.length; i++) {
    const key = (prefix << 8) | rows[i];
    const code = known.get(key);
    if (code !== undefined) {
      prefix = code;
      continue;
    }
    emit(prefix);
    prefix = rows[i];
    if (next < LARGEST) {
      if (next === 1 << width) width++;
      known.set(key, next++);
    } else {
      emit(CLEAR);
      known.clear();
      [width, next] = [9, END + 1];
    }
  }
  emit(prefix);
  if (next === 1 << width && width < 12) width++;
  emit(END);
  if (bits > 0) bytes[length++] = held & 255;
  return bytes.subarray(0, length);
}

/**
 * In blocks of up to 255 bytes, each after its length.
 *
 * @param {Uint8Array} bytes
 */
function blocks(bytes) {
  const count = Math.ceil(bytes.length / 255);
  const out = new Uint8Array(bytes.length + count + 1);
  for (let at = 0, block = 0; block < count; block++, at += 255) {
    const piece = bytes.subarray(at, at + 255);
    out[at + block] = piece.length;
    out.set(piece, at + block + 1);
  }
  return out;
}

/** @param {number} number */
function short(number) {
  return [number & 255, number >> 8];
}

/** @param {string} text */
function ascii(text) {
  return [...text].map((character) => character.charCodeAt(0));
}
