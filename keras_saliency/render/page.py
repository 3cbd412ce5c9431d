"""The page around the rows: title above, legend and scale rule below."""

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.canvas import INK, QUIET, Canvas
from keras_saliency.render.legend import legend_height, legend_width, magnitude_legend, signed_legend
from keras_saliency.render.text import line_height, shorten, wrap

MARGIN = 16
_TITLE, _SUBTITLE, _NOTE = 18, 12, 12
_LEGEND_GAP = 32


def page(body: NDArray[np.uint8], title: str, subtitle: str, note: str, signed: bool) -> NDArray[np.uint8]:
    """The body (its own margins left and right) between a title and the legends, with the note as last lines.

    The page is as wide as the body, or as the legends where they are wider. `signed` adds the diverging bar.
    """
    width = max(body.shape[1], legend_width(signed, _LEGEND_GAP) + 2 * MARGIN)
    padded = Canvas(len(body), width)
    padded.pixels[:, : body.shape[1]] = body
    return np.concatenate([_header(width, title, subtitle), padded.pixels, _footer(width, note, signed)])


def _header(width: int, title: str, subtitle: str) -> NDArray[np.uint8]:
    room = width - 2 * MARGIN
    lines = wrap(subtitle, room, _SUBTITLE)
    below = MARGIN - 4 + line_height(_TITLE)
    canvas = Canvas(below + len(lines) * line_height(_SUBTITLE) + 8, width)
    canvas.text(shorten(title, room, _TITLE), MARGIN - 4, MARGIN, _TITLE, INK)
    for number, line in enumerate(lines):
        canvas.text(line, below + number * line_height(_SUBTITLE), MARGIN, _SUBTITLE, QUIET)
    return canvas.pixels


def _footer(width: int, note: str, signed: bool) -> NDArray[np.uint8]:
    lines = wrap(note, width - 2 * MARGIN, _NOTE)
    canvas = Canvas(8 + legend_height(signed) + len(lines) * line_height(_NOTE) + MARGIN - 4, width)
    left = signed_legend(canvas, 8, MARGIN) + _LEGEND_GAP if signed else MARGIN
    magnitude_legend(canvas, 8, left)
    for number, line in enumerate(lines):
        canvas.text(line, 8 + legend_height(signed) + number * line_height(_NOTE), MARGIN, _NOTE, QUIET)
    return canvas.pixels
