"""The contact sheet: one look at all probes as one picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.canvas import QUIET, SHADE, Box, Canvas, badge_room
from keras_saliency.render.captions import SIZE, Caption, captions_height, captions_width, draw_caption
from keras_saliency.render.cells import Backdrop, Cells
from keras_saliency.render.normalize import SCALE_RULE
from keras_saliency.render.page import MARGIN, page
from keras_saliency.render.text import is_legible, line_height, wrap

_GAP = 6
_CAPTION_GAP = 4
_BLOCK_GAP = 28
_NARROWEST = 80
_WIDEST_CAPTION = 190
_ASPECT = 1.3
_AROUND = 110  # roughly the height of title and legend

_SCALE = f"Scale: {SCALE_RULE}."
_CHANGE = "Change: signed map now minus the look before, halved."
_LACKING = "A box is a letter that no font here has: give the path of one that has it as font."


def contact_sheet(
    pictures: NDArray[np.uint8] | None,
    heatmaps: Mapping[str, NDArray[Any]],
    previous: Mapping[str, NDArray[Any]] | None,
    captions: Sequence[Caption],
    title: str,
    *,
    subtitle: str = "",
    changes: bool = True,
    large: bool = False,
) -> NDArray[np.uint8]:
    """One picture `(height, width, 3)` of a look, a row per probe: input, overlay, signed map, change.

    Rows go down the first block of columns, then the next; the number of blocks is chosen for a landscape
    page. Maps are scaled by `SCALE_RULE`, which stands on the sheet. A map that is all zero or not finite is
    labelled so.

    Args:
        pictures: `(n, h, w, 3)` uint8, or None: then no input is shown, and the magnitude stands alone.
        heatmaps: `"magnitude"` and `"signed"`, each `(n, h', w')`; brought to the size of the pictures.
        previous: The same of the look before, or None at the first look.
        captions: One per probe.
        title: The first line, such as method and epoch.
        subtitle: Smaller lines under it, broken to the width of the sheet.
        changes: Whether there is a column of changes, also at the first look.
        large: Whether large pictures are shown large where there are few of them.

    Raises:
        ValueError: The parts do not belong together.
    """
    _check_pictures(pictures, len(captions))
    signed, magnitude = _maps(heatmaps, len(captions), "heatmaps")
    backdrop = Backdrop.of(pictures, signed.shape[1:], 3 * len(captions) if large else None)
    columns: dict[str, Cells | None] = (
        {} if backdrop.pictures is None else {"input": backdrop.inputs(backdrop.pictures)}
    )
    columns["magnitude" if pictures is None else "overlay"] = backdrop.magnitudes(magnitude)
    columns["signed map"] = backdrop.signed(signed)
    if changes:
        columns["change since\nlast look"] = (
            None if previous is None else _changes(backdrop, signed, previous)
        )
    note = f"{_SCALE} {_CHANGE}" if changes else _SCALE
    return page(_body(columns, captions), title, subtitle, note + _of_letters(captions), signed=True)


def comparison_sheet(
    pictures: NDArray[np.uint8],
    magnitudes: Mapping[str, NDArray[Any]],
    captions: Sequence[Caption],
    title: str,
    *,
    subtitle: str = "",
) -> NDArray[np.uint8]:
    """One picture `(height, width, 3)`: a row per image, the image and a column for each method's magnitude over it.

    Args:
        pictures: `(n, h, w, 3)` uint8.
        magnitudes: For each method `(n, h', w')`; brought to the size of the pictures.
        captions: One per image.
        title: The first line.
        subtitle: Smaller lines under it.
    """
    _check_pictures(pictures, len(captions))
    cells = (len(magnitudes) + 1) * len(captions)
    columns: dict[str, Cells | None] = {}
    for method, maps in magnitudes.items():
        backdrop = Backdrop.of(pictures, maps.shape[1:], cells)
        columns = columns or {"input": backdrop.inputs(pictures)}
        heading = "\n".join(wrap(method.replace("_", " "), max(backdrop.side, _NARROWEST), SIZE))
        columns[heading] = backdrop.magnitudes(maps)
    return page(_body(columns, captions), title, subtitle, _SCALE + _of_letters(captions), signed=False)


def _of_letters(captions: Sequence[Caption]) -> str:
    """A sentence about boxes, where there are some."""
    legible = all(is_legible(line) for caption in captions for line in caption.lines)
    return "" if legible else f" {_LACKING}"


def _changes(backdrop: Backdrop, signed: NDArray[Any], previous: Mapping[str, NDArray[Any]]) -> Cells:
    before, _ = _maps(previous, len(signed), "previous")
    if before.shape != signed.shape:
        raise ValueError(
            "Expected the maps of the look before to have the shape of the maps now. "
            f"Received: previous {before.shape}, heatmaps {signed.shape}"
        )
    return backdrop.changes(signed, before)


def _check_pictures(pictures: NDArray[np.uint8] | None, n: int) -> None:
    if n == 0:
        raise ValueError("Expected at least one probe, with one caption each. Received: captions=[]")
    if pictures is None:
        return
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[-1] != 3 or len(pictures) != n:
        raise ValueError(
            f"Expected uint8 pictures ({n}, height, width, 3), one per caption. "
            f"Received: dtype={pictures.dtype}, shape={pictures.shape}"
        )


def _maps(heatmaps: Mapping[str, NDArray[Any]], n: int, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    missing = {"magnitude", "signed"} - heatmaps.keys()
    if missing:
        raise ValueError(
            f"Expected 'magnitude' and 'signed' in {name}. "
            f"Received: {name} with {', '.join(sorted(heatmaps)) or 'nothing'}"
        )
    signed, magnitude = np.asarray(heatmaps["signed"]), np.asarray(heatmaps["magnitude"])
    if signed.ndim != 3 or signed.shape != magnitude.shape or len(signed) != n or 0 in signed.shape:
        raise ValueError(
            f"Expected {name} of one shape ({n}, height, width), one map per caption. "
            f"Received: signed {signed.shape}, magnitude {magnitude.shape}"
        )
    return signed, magnitude


@dataclass(frozen=True)
class _SheetPlan:
    """Where the cells of a sheet go, from its top left corner; in pixels, or counted."""

    cell: tuple[int, int]
    columns: int
    caption: int
    row: int
    rows: int
    blocks: int
    headings: int

    @property
    def column(self) -> int:
        return max(self.cell[1], _NARROWEST) + _GAP

    @property
    def block(self) -> int:
        return self.columns * self.column + _CAPTION_GAP + self.caption

    @property
    def width(self) -> int:
        return self.blocks * (self.block + _BLOCK_GAP) - _BLOCK_GAP + 2 * MARGIN

    @property
    def height(self) -> int:
        return self.headings + self.rows * (self.row + _GAP)

    def left(self, block: int, column: int) -> int:
        return MARGIN + block * (self.block + _BLOCK_GAP) + column * self.column

    def cell_at(self, probe: int, column: int) -> Box:
        """The place of a cell."""
        block, row = divmod(probe, self.rows)
        inset = (self.column - _GAP - self.cell[1]) // 2
        return Box(self.headings + row * (self.row + _GAP), self.left(block, column) + inset, *self.cell)

    def caption_at(self, probe: int) -> Box:
        """The place of a caption."""
        block, row = divmod(probe, self.rows)
        left = self.left(block, self.columns) + _CAPTION_GAP
        return Box(self.headings + row * (self.row + _GAP), left, self.row, self.caption)


def _layout(cell: tuple[int, int], columns: Sequence[str], captions: Sequence[Caption]) -> _SheetPlan:
    """The number of blocks that makes the best page."""
    headings = max(len(heading.split("\n")) for heading in columns) * line_height(SIZE) + 6
    caption = captions_width(captions, _WIDEST_CAPTION)
    row = max(cell[0] + badge_room(cell[0], SIZE), captions_height(captions))
    most_blocks = ceil(len(captions) / 2)
    layouts = (
        _SheetPlan(cell, len(columns), caption, row, ceil(len(captions) / blocks), blocks, headings)
        for blocks in range(1, most_blocks + 1)
    )
    return min(layouts, key=lambda layout: _misfit(layout, len(captions)))


def _misfit(layout: _SheetPlan, probes: int) -> float:
    """How far the page is from `_ASPECT`, and how much of it would stay empty."""
    empty = layout.blocks * layout.rows / probes - 1
    return abs(log(layout.width / (layout.height + _AROUND) / _ASPECT)) + empty


def _body(columns: Mapping[str, Cells | None], captions: Sequence[Caption]) -> NDArray[np.uint8]:
    drawn = next(cells for cells in columns.values() if cells is not None)
    layout = _layout((drawn.pictures.shape[1], drawn.pictures.shape[2]), list(columns), captions)
    canvas = Canvas(layout.height, layout.width)
    for number, (heading, cells) in enumerate(columns.items()):
        _draw_heading(canvas, layout, number, heading)
        for probe in range(len(captions)):
            _draw_cell(canvas, cells, probe, layout.cell_at(probe, number))
    for probe, caption in enumerate(captions):
        draw_caption(canvas, caption, layout.caption_at(probe))
    return canvas.pixels


def _draw_heading(canvas: Canvas, layout: _SheetPlan, column: int, heading: str) -> None:
    width = layout.column - _GAP
    lines = heading.split("\n")
    top = layout.headings - 4 - len(lines) * line_height(SIZE)
    for block in range(layout.blocks):
        for number, line in enumerate(lines):
            line_top = top + number * line_height(SIZE)
            canvas.text_centred(
                line, Box(line_top, layout.left(block, column), line_height(SIZE), width), SIZE
            )


def _draw_cell(canvas: Canvas, cells: Cells | None, probe: int, cell: Box) -> None:
    if cells is None:
        canvas.fill(cell, SHADE)
        canvas.text_centred("first look", cell, SIZE, QUIET)
        return
    canvas.paste(cells.pictures[probe], cell.top, cell.left)
    if cells.labels[probe]:
        canvas.badge(cells.labels[probe], cell, SIZE)
