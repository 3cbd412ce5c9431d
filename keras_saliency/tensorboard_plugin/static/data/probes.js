/** The probes of a run: what they are called, what they look like, where their regions are. */

/**
 * @import { RunInfo } from "./source.js"
 * @import { DecodedRecord, NumberArray, Numbers } from "./records.js"
 *
 * @typedef {object} Picture where a probe's pixels are: three numbers each, from `first` on
 * @property {Numbers} data
 * @property {number} first
 * @property {number} width
 * @property {number} height
 */

export class Probes {
  /**
   * @param {RunInfo} info
   * @param {DecodedRecord | null} record that of the probes, where there is one
   */
  constructor(info, record) {
    this.info = info;
    this.count = info.count;
    this.pictures = record?.arrays.pictures ?? null;
    this.regions = Object.entries(record?.arrays ?? {})
      .filter(([name]) => name.startsWith("region/"))
      .map(([name, { shape, data }]) => ({ name: name.slice("region/".length), shape, data }));
  }

  /** @param {number} probe */
  name(probe) {
    return this.info.names?.[probe] ?? `probe ${probe}`;
  }

  /** @param {number} probe */
  label(probe) {
    return this.info.labels?.[probe] ?? null;
  }

  /**
   * The words for a class; null for −1, no class.
   *
   * @param {number | null | undefined} number
   */
  className(number) {
    return number === null || number === undefined || number < 0
      ? null
      : (this.info.class_names?.[number] ?? String(number));
  }

  /**
   * Whether a probe is predicted otherwise than labelled; null where that is not known.
   *
   * @param {number} probe
   * @param {number | null | undefined} predicted
   */
  wrong(probe, predicted) {
    const label = this.label(probe);
    return label === null || predicted === null || predicted === undefined || predicted < 0
      ? null
      : predicted !== label;
  }

  /**
   * The picture of a probe; null where none is stored.
   *
   * @param {number} probe
   * @returns {Picture | null}
   */
  picture(probe) {
    if (!this.pictures) return null;
    const [, height, width] = this.pictures.shape;
    return { data: this.pictures.data, first: probe * height * width * 3, width, height };
  }

  /** Width ÷ height of what is shown. */
  get aspect() {
    const size = this.info.size ?? this.pictures?.shape.slice(1, 3);
    return size ? size[1] / size[0] : 1;
  }

  /**
   * Whether a probe is without a region that others have.
   *
   * @param {string} name of the region
   * @param {number} probe
   */
  lacks(name, probe) {
    const region = this.regions.find((one) => one.name === name);
    if (region?.shape.length !== 3) return false;
    const size = region.shape[1] * region.shape[2];
    return region.data.subarray(probe * size, (probe + 1) * size).every((value) => value === 0);
  }

  /**
   * The edges of a region for one probe, as an SVG path over the pixels of its mask.
   *
   * @param {NumberArray} region
   * @param {number} probe
   */
  outline(region, probe) {
    const [height, width] = region.shape.slice(-2);
    const first = region.shape.length === 3 ? probe * height * width : 0;
    /** @type {(x: number, y: number) => boolean} */
    const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && region.data[first + y * width + x] !== 0;
    const parts = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!inside(x, y)) continue;
        if (!inside(x, y - 1)) parts.push(`M${x} ${y}h1`);
        if (!inside(x, y + 1)) parts.push(`M${x} ${y + 1}h1`);
        if (!inside(x - 1, y)) parts.push(`M${x} ${y}v1`);
        if (!inside(x + 1, y)) parts.push(`M${x + 1} ${y}v1`);
      }
    }
    return { path: parts.join(""), width, height };
  }
}
