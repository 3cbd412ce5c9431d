"""A white page to paste pictures and print text on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.text import line_height, shorten, text_mask, text_width

Ink = tuple[int, int, int]

INK: Ink = (33, 37, 41)
QUIET: Ink = (108, 117, 125)
ALARM: Ink = (190, 18, 40)
LINE: Ink = (206, 212, 218)
SHADE: Ink = (241, 243, 245)
PAPER: Ink = (255, 255, 255)


class Box(NamedTuple):
    """A rectangle on a page, in pixels."""

    top: int
    left: int
    height: int
    width: int


def badge_room(height: int, size: int) -> int:
    """Pixels that a badge needs below a cell of this height: none where it fits on the cell."""
    return 0 if height >= 2 * line_height(size) else line_height(size) + 2


class Canvas:
    """One page; `pixels` is `(height, width, 3)` uint8. What is drawn must lie on it."""

    def __init__(self, height: int, width: int) -> None:
        self.pixels: NDArray[np.uint8] = np.full((height, width, 3), 255, np.uint8)

    def fill(self, box: Box, ink: Ink) -> None:
        """A plain rectangle."""
        top, left, height, width = box
        self.pixels[top : top + height, left : left + width] = ink

    def paste(self, picture: NDArray[np.uint8], top: int, left: int) -> None:
        """A picture with a thin frame around it."""
        bottom, right = top + picture.shape[0], left + picture.shape[1]
        self.pixels[top:bottom, left:right] = picture
        self.pixels[[top - 1, bottom], left - 1 : right + 1] = LINE
        self.pixels[top:bottom, [left - 1, right]] = LINE

    def text(self, text: str, top: int, left: int, size: int, ink: Ink = INK) -> None:
        """One line of text from its top left corner."""
        mask = text_mask(text, size)
        under = self.pixels[top : top + mask.shape[0], left : left + mask.shape[1]]
        under[...] = np.rint(under + mask * (np.array(ink, np.float32) - under))

    def text_centred(self, text: str, box: Box, size: int, ink: Ink = INK) -> None:
        """One line of text in the middle of the box, shortened to its width."""
        shown = shorten(text, box.width, size)
        top = box.top + (box.height - line_height(size)) // 2
        self.text(shown, top, box.left + (box.width - text_width(shown, size)) // 2, size, ink)

    def cross(self, top: int, left: int, side: int, ink: Ink) -> None:
        """A diagonal cross, the mark of something wrong."""
        at = np.arange(side)
        for thick in range(2):
            columns = np.minimum(at + thick, side - 1)
            self.pixels[top + at, left + columns] = ink
            self.pixels[top + at, left + side - 1 - columns] = ink

    def badge(self, text: str, cell: Box, size: int) -> None:
        """A label on the lower edge of a cell, or below a cell that is too flat (see `badge_room`)."""
        tall = line_height(size)
        box = Box(cell.top + cell.height + badge_room(cell.height, size) - tall, cell.left, tall, cell.width)
        self.fill(box, PAPER)
        self.text_centred(text, box, size)
