/** Every check at every look as a cell: red where it failed. A click on a cell goes to its look. */

import { h, setAttribute, svg } from "./dom.js";
import { Once } from "./reuse.js";
import { epochShort, epochWords } from "./words.js";

/**
 * @import { Column, Matrix, Row } from "../state/verdicts.js"
 */

const STATUSES = new Set(["passed", "warned", "failed", "skipped", "errored"]);
const WIDEST = 16;
const GAP = 0.08;
const SIDE = 1 - 2 * GAP;

export class CheckMatrix {
  /** @param {(step: number) => void} go called with the step of a column that is clicked */
  constructor(go) {
    this.names = h("div", { class: "matrix-names" });
    this.current = svg("rect", { class: "current", y: 0, width: 1 });
    this.cells = svg("svg", { class: "matrix-cells", role: "img", preserveAspectRatio: "none" });
    this.hint = svg("title");
    this.ends = h("div", { class: "matrix-ends quiet" });
    this.element = h("div", { class: "matrix" }, this.names, h("div", { class: "matrix-plot" }, this.cells, this.ends));
    this.drawn = new Once();
    /** @type {Matrix} */
    this.matrix = { columns: [], rows: [], first: undefined };
    this.cells.addEventListener("click", (event) => {
      const found = this.cellAt(event);
      if (found) go(found.step);
    });
    this.cells.addEventListener("pointermove", (event) => {
      const found = this.cellAt(event);
      if (found) this.hint.textContent = cellWords(found);
    });
  }

  /**
   * @param {Matrix} matrix
   * @param {number | undefined} step of the report that is shown
   */
  update(matrix, step) {
    this.matrix = matrix;
    this.drawn.draw([matrix], () => this.draw(matrix));
    const at = step === undefined ? -1 : matrix.columns.findIndex((column) => column.step >= step);
    setAttribute(this.current, "x", Math.max(0, at));
    setAttribute(this.current, "visibility", at < 0 ? "hidden" : "visible");
  }

  /** @param {Matrix} matrix */
  draw({ columns, rows, first }) {
    this.names.replaceChildren(...rows.map(({ name }) => h("span", { text: words(name), title: words(name) })));
    this.element.style.setProperty("--rows", String(rows.length));
    this.cells.style.maxWidth = `${WIDEST * columns.length}px`;
    this.ends.style.maxWidth = this.cells.style.maxWidth;
    setAttribute(this.cells, "viewBox", `0 0 ${columns.length || 1} ${rows.length || 1}`);
    setAttribute(this.cells, "aria-label", rows.map(rowWords).join(" "));
    setAttribute(this.current, "height", rows.length);
    /** @type {Map<string, string[]>} */
    const paths = new Map();
    for (const [y, { statuses }] of rows.entries())
      for (const [x, status] of statuses.entries()) {
        if (status === null) continue;
        const kind = STATUSES.has(status) ? status : "other";
        const parts = paths.get(kind) ?? [];
        parts.push(`M${x + GAP} ${y + GAP}h${SIDE}v${SIDE}h-${SIDE}z`);
        paths.set(kind, parts);
      }
    this.cells.replaceChildren(
      this.hint,
      ...[...paths].map(([kind, parts]) => svg("path", { class: `verdict ${kind}`, d: parts.join("") })),
      this.current,
    );
    const ends = columns.length > 1 ? [first, columns[columns.length - 1]] : columns;
    this.ends.replaceChildren(...ends.map((look) => h("span", { text: look ? short(look) : "" })));
  }

  /**
   * What lies under the pointer.
   *
   * @param {MouseEvent} event
   */
  cellAt(event) {
    const { columns, rows } = this.matrix;
    const box = this.cells.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * columns.length);
    const y = Math.floor(((event.clientY - box.top) / box.height) * rows.length);
    const [column, row] = [columns[x], rows[y]];
    return column && row ? { column, row, status: row.statuses[x], step: row.steps[x] ?? column.step } : undefined;
  }
}

/** @param {string} name */
function words(name) {
  return name.replaceAll("_", " ");
}

/** @param {{ row: Row, column: Column, status: string | null }} cell */
function cellWords({ row, column, status }) {
  return `${words(row.name)}, ${when(column)}: ${status ?? "not made"}`;
}

/** @param {Row} row */
function rowWords({ name, failures, looks }) {
  return `${words(name)}: ${failures ? `failed at ${failures} of ${looks} looks` : `never failed at ${looks} looks`}.`;
}

/** @param {Column} column */
function when({ step, epoch }) {
  return epoch === null ? epochWords(step, "step") : epochWords(epoch);
}

/** @param {Column} column */
function short({ step, epoch }) {
  return epoch === null ? epochShort(step, "step") : epochShort(epoch);
}
