/** Reading records: the bytes that `keras_saliency/records/__init__.py` states. */

/**
 * @typedef {Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array}
 *   Numbers
 * @typedef {{ shape: number[], data: Numbers }} NumberArray
 *
 * @typedef {object} Header what the page reads of the header of maps
 * @property {boolean[]} finite
 * @property {Record<string, number[]>} scales
 *
 * @typedef {{ header: Header, arrays: Record<string, NumberArray> }} DecodedRecord
 */

const MAGIC = "SALIENCY";
const VERSION = 1;
const START = 16;
const TYPES = new Map(
  Object.entries({
    uint8: Uint8Array,
    int8: Int8Array,
    uint16: Uint16Array,
    int16: Int16Array,
    uint32: Uint32Array,
    int32: Int32Array,
    float32: Float32Array,
    float64: Float64Array,
  }),
);

/**
 * The header and the arrays of a gzip record.
 *
 * @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<DecodedRecord>}
 * @throws {Error} a sentence, where it is none
 */
export async function decode(bytes) {
  const plain = await inflated(bytes);
  const view = new DataView(plain);
  if (plain.byteLength < START || ascii(plain, MAGIC.length) !== MAGIC) {
    throw new Error("This is no saliency record: another program wrote it.");
  }
  if (view.getUint32(8, true) > VERSION) {
    throw new Error("A newer keras_saliency wrote this record. Upgrade keras_saliency to see it.");
  }
  return content(plain, START + view.getUint32(12, true));
}

/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes */
async function inflated(bytes) {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).arrayBuffer();
  } catch {
    throw new Error("This record is damaged: it cannot be unzipped.");
  }
}

/**
 * @param {ArrayBuffer} plain
 * @param {number} bodyStart
 * @returns {DecodedRecord}
 */
function content(plain, bodyStart) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(plain, START, bodyStart - START));
    const { header, arrays } = JSON.parse(text);
    return { header, arrays: Object.fromEntries(Object.entries(arrays).map(([name, at]) => [name, array(at)])) };
  } catch {
    throw new Error("This record is damaged: its header does not fit its content.");
  }

  /** @param {{ dtype: string, shape: number[], offset: number }} at */
  function array({ dtype, shape, offset }) {
    const Type = TYPES.get(dtype);
    if (!Type) throw new TypeError(dtype);
    const size = shape.reduce((product, side) => product * side, 1);
    return { shape, data: new Type(plain, bodyStart + offset, size) };
  }
}

/**
 * @param {ArrayBuffer} buffer
 * @param {number} length
 */
function ascii(buffer, length) {
  return String.fromCharCode(...new Uint8Array(buffer, 0, length));
}
