"""Pictures in rows, each with its caption below."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.canvas import Box, Canvas
from keras_saliency.render.captions import Caption, captions_height, captions_width, draw_caption
from keras_saliency.render.cells import cell_side
from keras_saliency.render.page import MARGIN
from keras_saliency.render.resize import fit

_COLUMNS = 8
_GAP = 8
_NARROWEST = 96
_WIDEST_CAPTION = 160


def picture_grid(pictures: NDArray[np.uint8], captions: Sequence[Caption]) -> NDArray[np.uint8]:
    """One picture `(height, width, 3)` of many, eight in a row.

    Args:
        pictures: `(n, h, w, 3)` uint8, at least one.
        captions: One per picture.
    """
    cells = fit(pictures, cell_side(*pictures.shape[1:3]))
    text = captions_height(captions)
    captioned = captions_width(captions, _WIDEST_CAPTION)
    height, width = cells.shape[1] + 4 + text + _GAP, max(cells.shape[2], _NARROWEST, captioned) + _GAP
    columns = min(_COLUMNS, len(cells))
    canvas = Canvas(-(-len(cells) // columns) * height + 2 * MARGIN, columns * width + 2 * MARGIN)
    for position, (cell, caption) in enumerate(zip(cells, captions, strict=True)):
        row, column = divmod(position, columns)
        top, left = MARGIN + row * height, MARGIN + column * width
        canvas.paste(cell, top, left)
        draw_caption(canvas, caption, Box(top + cells.shape[1] + 4, left, text, width - _GAP))
    return canvas.pixels
