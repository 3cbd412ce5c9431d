import assert from "node:assert/strict";
import test from "node:test";

import { Colours, Gif } from "../../keras_saliency/tensorboard_plugin/static/parts/gif.js";
import { fileName } from "../../keras_saliency/tensorboard_plugin/static/parts/save.js";

/**
 * What a reader of GIFs makes of a file: its colours, and for each frame the time and the rows of its pixels.
 *
 * @param {Uint8Array} file
 */
function read(file) {
  let at = 13 + 3 * 256;
  const colours = Array.from({ length: 256 }, (_, row) => [...file.slice(13 + 3 * row, 16 + 3 * row)]);
  const frames = [];
  for (let delay = 0; file[at] !== 0x3b;) {
    if (file[at] === 0x21) {
      if (file[at + 1] === 0xf9) delay = file[at + 4] + 256 * file[at + 5];
      at = blocks(at + 2).end;
    } else {
      assert.equal(file[at], 0x2c);
      const { bytes, end } = blocks(at + 11);
      frames.push({ delay, rows: unpacked(bytes) });
      at = end;
    }
  }
  return {
    header: Buffer.from(file.slice(0, 6)).toString(),
    size: [file[6] + 256 * file[7], file[8]],
    colours,
    frames,
  };

  /** @param {number} start */
  function blocks(start) {
    const bytes = [];
    let place = start;
    for (; file[place] !== 0; place += file[place] + 1) bytes.push(...file.slice(place + 1, place + 1 + file[place]));
    return { bytes, end: place + 1 };
  }
}

/** @param {number[]} bytes LZW of 8 bits, as the specification describes how it is read */
function unpacked(bytes) {
  /** @type {number[][]} */
  let table = [];
  const out = [];
  let [bit, width] = [0, 9];
  /** @type {number[] | null} */
  let before = null;
  for (;;) {
    let code = 0;
    for (let i = 0; i < width; i++, bit++) code |= ((bytes[bit >> 3] >> (bit & 7)) & 1) << i;
    if (code === 257) return out;
    if (code === 256) {
      table = Array.from({ length: 258 }, (_, row) => [row]);
      [width, before] = [9, null];
      continue;
    }
    /** @type {number[]} */
    const entry = table[code] ?? [...(before ?? []), (before ?? [])[0]];
    for (const row of entry) out.push(row);
    if (before && table.length < 4096) table.push([...before, entry[0]]);
    if (table.length === 1 << width && width < 12) width++;
    before = entry;
  }
}

test("every pixel comes back, also where the table of codes is full many times", async () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const colours = Array.from({ length: 200 }, (_, row) => [row, 255 - row, (7 * row) % 256]);
  const frames = [() => Math.floor(256 * random()), () => 7, () => Math.floor(3 * random())].map((pixel) =>
    Uint8Array.from({ length: 300 * 90 }, pixel),
  );
  const gif = new Gif(300, 90, colours);
  for (const rows of frames) gif.add(rows, 0.25);
  const seen = read(new Uint8Array(await gif.blob().arrayBuffer()));
  assert.deepEqual(
    [seen.header, seen.size, seen.frames.map(({ delay }) => delay)],
    ["GIF89a", [300, 90], [25, 25, 25]],
  );
  assert.deepEqual(seen.colours.slice(0, 200), colours);
  for (const [at, rows] of frames.entries()) assert.deepEqual(Uint8Array.from(seen.frames[at].rows), rows);
});

test("up to 256 colours stay as they are, of more none moves far", () => {
  /** @param {number[][]} rows */
  const image = (rows) => Uint8ClampedArray.from(rows.flatMap((row) => [...row, 255]));
  const few = Array.from({ length: 256 }, (_, i) => [i & 0xf0, (i & 0x0f) << 4, 255 - i]);
  const many = Array.from({ length: 4096 }, (_, i) => [i & 255, i >> 4, (i * 37) & 255]);
  for (const [rows, most] of /** @type {[number[][], number][]} */ ([
    [few, 0],
    [many, 48],
  ])) {
    const colours = new Colours();
    colours.count(image(rows));
    colours.choose();
    assert.ok(colours.rows.length <= 256);
    const seen = [...colours.indices(image(rows))].map((row) => colours.rows[row]);
    const moved = rows.flatMap((row, at) => row.map((value, channel) => Math.abs(value - seen[at][channel])));
    assert.ok(moved.reduce((a, b) => Math.max(a, b)) <= most);
  }
  const colours = new Colours();
  colours.count(
    image([
      [0, 0, 0],
      [200, 0, 0],
    ]),
  );
  colours.choose();
  assert.deepEqual(
    [
      ...colours.indices(
        image([
          [190, 9, 9],
          [20, 0, 0],
        ]),
      ),
    ],
    [1, 0],
  );
});

test("names of files have nothing in them that a system refuses", () => {
  assert.equal(fileName(["a/b\\c", undefined, '"猫" <img>'], "png"), "saliency_a_b_c_猫_img_.png");
  assert.equal(fileName(["x".repeat(300)], "gif").length, 100 + "saliency_.gif".length);
});
