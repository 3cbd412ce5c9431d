"""The colour bars that say what the colours mean."""

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.canvas import INK, QUIET, Box, Canvas
from keras_saliency.render.colormaps import diverging, sequential
from keras_saliency.render.text import line_height, text_width

_SIZE = 12
_SMALL = 11
_BAR = 10
_GAP = 8
_SIGNED_BAR = 141  # odd: one column of pixels is exactly zero
_MAGNITUDE_BAR = 72


def signed_legend(canvas: Canvas, top: int, left: int) -> int:
    """Draws the diverging bar with its zero in the middle; returns the pixel behind its right end."""
    bar = left + text_width("lowers the score", _SIZE) + _GAP
    canvas.text("lowers the score", top, left, _SIZE, INK)
    _bar(canvas, diverging(np.linspace(-1, 1, _SIGNED_BAR)), top, bar)
    canvas.fill(Box(top + 3 + _BAR, bar + _SIGNED_BAR // 2, 4, 1), QUIET)
    canvas.text_centred("0", Box(top + 16, bar, line_height(_SMALL), _SIGNED_BAR), _SMALL, QUIET)
    canvas.text("raises the score", top, bar + _SIGNED_BAR + _GAP, _SIZE, INK)
    return bar + _SIGNED_BAR + _GAP + text_width("raises the score", _SIZE)


def magnitude_legend(canvas: Canvas, top: int, left: int) -> int:
    """Draws the sequential bar; returns the pixel behind its right end."""
    bar = left + text_width("no effect", _SIZE) + _GAP
    canvas.text("no effect", top, left, _SIZE, INK)
    _bar(canvas, sequential(np.linspace(0, 1, _MAGNITUDE_BAR)), top, bar)
    canvas.text("strong", top, bar + _MAGNITUDE_BAR + _GAP, _SIZE, INK)
    return bar + _MAGNITUDE_BAR + _GAP + text_width("strong", _SIZE)


def legend_height(signed: bool) -> int:
    """Pixels from the top of the legends to the text below; the diverging one has a 0 below its bar."""
    return 32 if signed else 20


def legend_width(signed: bool, gap: int) -> int:
    """Pixels that the magnitude legend needs, with `signed` also the diverging one and a gap between them."""
    magnitude = text_width("no effect", _SIZE) + text_width("strong", _SIZE) + _MAGNITUDE_BAR + 2 * _GAP
    if not signed:
        return magnitude
    ends = text_width("lowers the score", _SIZE) + text_width("raises the score", _SIZE)
    return ends + _SIGNED_BAR + 2 * _GAP + gap + magnitude


def _bar(canvas: Canvas, colours: NDArray[np.uint8], top: int, left: int) -> None:
    lowered = top + (line_height(_SIZE) - _BAR) // 2 + 1
    canvas.paste(np.repeat(colours[np.newaxis], _BAR, axis=0), lowered, left)
