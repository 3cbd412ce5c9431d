/** Reading records: the bytes that `keras_saliency/records/__init__.py` states. */

const MAGIC = "SALIENCY";
const VERSION = 1;
const START = 16;
const TYPES = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** The header and the arrays, `{name: {shape, data}}`, of a gzip record. Throws a sentence if it is none. */
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

async function inflated(bytes) {
  try {
    const stream = new Response(bytes).body.pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).arrayBuffer();
  } catch {
    throw new Error("This record is damaged: it cannot be unzipped.");
  }
}

function content(plain, bodyStart) {
  try {
    const document = JSON.parse(new TextDecoder().decode(new Uint8Array(plain, START, bodyStart - START)));
    const arrays = {};
    for (const [name, { dtype, shape, offset }] of Object.entries(document.arrays)) {
      const size = shape.reduce((product, side) => product * side, 1);
      arrays[name] = { shape, data: new TYPES[dtype](plain, bodyStart + offset, size) };
    }
    return { header: document.header, arrays };
  } catch {
    throw new Error("This record is damaged: its header does not fit its content.");
  }
}

function ascii(buffer, length) {
  return String.fromCharCode(...new Uint8Array(buffer, 0, length));
}
