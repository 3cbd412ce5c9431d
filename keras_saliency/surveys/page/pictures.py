"""Small pictures of examples: the image, and beside it what the model looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_saliency.render import (
    bilinear,
    enlarge,
    normalize,
    overlay,
    sequential,
    shrink,
    to_jpeg,
    to_png,
)

_SIDE = 112
_GAP = 2


@dataclass(frozen=True)
class Format:
    """A format of image files: its media type, and how names of such files end."""

    mime: str
    ending: str


_FORMATS = {b"\x89PNG": Format("image/png", ".png"), b"\xff\xd8": Format("image/jpeg", ".jpg")}
"""By how the files begin."""


def draw(maps: np.ndarray, shown: np.ndarray | None = None) -> list[bytes]:
    """An image file for each example: PNG, which keeps enlarged pixels sharp, or JPEG where that is smaller.

    Args:
        maps: `(n, side, side)` small maps, at least 0.
        shown: pictures of the same examples, `(n, height, width, 3)` uint8; None draws the maps alone.
    """
    heat = np.clip(normalize(np.asarray(maps, "float32")), 0, 1)
    panels = [sequential(heat)] if shown is None else _panels(heat, shown)
    factor = max(1, _SIDE // max(panels[0].shape[1:3]))
    gap = np.full((len(heat), factor * panels[0].shape[1], _GAP, 3), 128, np.uint8)
    first, *rest = (enlarge(panel, factor) for panel in panels)
    drawn = np.concatenate([first, *(part for panel in rest for part in (gap, panel))], axis=2)
    if factor > 1:
        return [to_png(one) for one in drawn]
    return [min(to_png(one), to_jpeg(one), key=len) for one in drawn]


def format_of(picture: bytes) -> Format:
    """The format of a file that `draw` made."""
    return next(found for start, found in _FORMATS.items() if picture.startswith(start))


def _panels(heat: np.ndarray, shown: np.ndarray) -> list[np.ndarray]:
    """The pictures, and the maps over them."""
    small = shrink(shown, _SIDE)
    return [small, overlay(small, bilinear(heat, *small.shape[1:3]))]
