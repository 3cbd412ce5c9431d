"""The film strip: how the map of each probe changed over the looks, as one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.canvas import QUIET, Box, Canvas, badge_room
from keras_saliency.render.captions import SIZE, Caption, captions_height, captions_width, draw_caption
from keras_saliency.render.cells import Backdrop, Cells
from keras_saliency.render.normalize import SCALE_RULE
from keras_saliency.render.outline import outline
from keras_saliency.render.page import MARGIN, page
from keras_saliency.render.text import line_height, shorten, text_width

_GAP = 4
_INPUT_GAP = 12
_CAPTION_GAP = 10
_NARROWEST = 56
_WIDEST_CAPTION = 190
_BAND = line_height(SIZE) + 6
_NOTE = f"Scale: {SCALE_RULE}."


def film_strip(
    pictures: NDArray[np.uint8] | None,
    heatmaps_by_step: Sequence[NDArray[Any]],
    step_labels: Sequence[str],
    captions: Sequence[Caption],
    title: str,
    *,
    subtitle: str = "",
    footer: Sequence[str] | None = None,
    footer_label: str = "",
    region: NDArray[np.bool_] | None = None,
    region_label: str = "",
    max_steps: int = 12,
) -> NDArray[np.uint8]:
    """One picture `(height, width, 3)`: a row per probe, its input, then the magnitude over it step by step.

    Maps are scaled by `SCALE_RULE`, which stands on the strip.

    Args:
        pictures: `(n, h, w, 3)` uint8, or None: then the magnitudes stand alone.
        heatmaps_by_step: The magnitudes of each look, all `(n, h', w')`.
        step_labels: What stands above each step.
        captions: One per probe.
        title: The first line.
        subtitle: Smaller lines under it.
        footer: What stands below each step, such as a number.
        footer_label: What the footer is, written before it, below the captions.
        region: What to outline in every cell, boolean `(h, w)` in the size of pictures or maps, or
            `(n, h, w)` where it differs between probes.
        region_label: What the outline is, written below the strip.
        max_steps: More steps than this are thinned out evenly; the first and the last stay.

    Raises:
        ValueError: The parts do not belong together.
    """
    maps = [np.asarray(step) for step in heatmaps_by_step]
    _check(pictures, maps, step_labels, captions, footer)
    kept = thinned(len(maps), max_steps)
    backdrop = Backdrop.of(pictures, maps[0].shape[1:])
    columns = [] if backdrop.pictures is None else [backdrop.inputs(backdrop.pictures)]
    columns += [backdrop.magnitudes(maps[step]) for step in kept]
    if region is not None:
        columns = [Cells(outline(cells.pictures, region), cells.labels) for cells in columns]
    above = ["input"] * (pictures is not None) + [step_labels[step] for step in kept]
    below = None if footer is None else [""] * (pictures is not None) + [footer[step] for step in kept]
    note = f"Outline: {region_label}. {_NOTE}" if region is not None and region_label else _NOTE
    strip = _Strip(columns, above, below, footer_label, captions, pictures is not None)
    return page(strip.draw(), title, subtitle, note, signed=False)


def thinned(steps: int, most: int) -> list[int]:
    """At most `most` of the numbers 0 … steps − 1, evenly spaced, the first and the last among them."""
    if most < 2:
        raise ValueError(
            f"Expected room for at least the first and the last step. Received: max_steps={most}"
        )
    if steps <= most:
        return list(range(steps))
    return [round(number * (steps - 1) / (most - 1)) for number in range(most)]


def _check(
    pictures: NDArray[np.uint8] | None,
    maps: Sequence[NDArray[Any]],
    step_labels: Sequence[str],
    captions: Sequence[Caption],
    footer: Sequence[str] | None,
) -> None:
    n = len(captions)
    shapes = {step.shape for step in maps}
    if len(shapes) != 1 or not all(len(shape) == 3 and shape[0] == n and 0 not in shape for shape in shapes):
        raise ValueError(
            f"Expected at least one step, each with maps ({n}, height, width), one per caption. "
            f"Received: heatmaps_by_step with shapes {sorted(shapes)}"
        )
    if pictures is not None and (
        pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[-1] != 3 or len(pictures) != n
    ):
        raise ValueError(
            f"Expected uint8 pictures ({n}, height, width, 3), one per caption. "
            f"Received: dtype={pictures.dtype}, shape={pictures.shape}"
        )
    if len(step_labels) != len(maps) or (footer is not None and len(footer) != len(maps)):
        raise ValueError(
            f"Expected one label (and one footer, if any) for each of {len(maps)} steps. "
            f"Received: {len(step_labels)} step_labels, {'no' if footer is None else len(footer)} footer"
        )


@dataclass(frozen=True)
class _Strip:
    """The rows of a strip and where they go."""

    columns: Sequence[Cells]
    above: Sequence[str]
    below: Sequence[str] | None
    below_label: str
    captions: Sequence[Caption]
    with_input: bool

    @property
    def cell(self) -> tuple[int, int]:
        return self.columns[0].pictures.shape[1], self.columns[0].pictures.shape[2]

    @property
    def row(self) -> int:
        return max(self.cell[0] + badge_room(self.cell[0], SIZE), captions_height(self.captions)) + _GAP

    @property
    def column(self) -> int:
        return max(self.cell[1], _NARROWEST)

    @property
    def caption(self) -> int:
        label = min(_WIDEST_CAPTION, text_width(self.below_label, SIZE))
        return max(captions_width(self.captions, _WIDEST_CAPTION), label)

    def left(self, column: int) -> int:
        gap = _INPUT_GAP if self.with_input and column > 0 else 0
        return MARGIN + self.caption + _CAPTION_GAP + gap + column * (self.column + _GAP)

    def top(self, probe: int) -> int:
        return _BAND + probe * self.row

    def draw(self) -> NDArray[np.uint8]:
        bottom = self.top(len(self.captions))
        canvas = Canvas(bottom + (0 if self.below is None else _BAND), self.left(len(self.columns)) + MARGIN)
        for number, cells in enumerate(self.columns):
            self._draw_column(canvas, number, cells)
        for probe, caption in enumerate(self.captions):
            draw_caption(canvas, caption, Box(self.top(probe), MARGIN, self.row - _GAP, self.caption))
        if self.below is not None:
            label = shorten(self.below_label, self.caption, SIZE)
            canvas.text(label, bottom + 3, MARGIN + self.caption - text_width(label, SIZE), SIZE, QUIET)
        return canvas.pixels

    def _draw_column(self, canvas: Canvas, number: int, cells: Cells) -> None:
        left, (height, width) = self.left(number), self.cell
        canvas.text_centred(self.above[number], Box(0, left, _BAND, self.column), SIZE)
        for probe, (picture, label) in enumerate(zip(cells.pictures, cells.labels, strict=True)):
            box = Box(self.top(probe), left + (self.column - width) // 2, height, width)
            canvas.paste(picture, box.top, box.left)
            if label:
                canvas.badge(label, box, SIZE)
        if self.below is not None:
            below = Box(self.top(len(self.captions)), left, _BAND, self.column)
            canvas.text_centred(self.below[number], below, SIZE, QUIET)
