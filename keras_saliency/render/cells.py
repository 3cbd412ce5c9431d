"""The cells of a sheet: every map brought to its input's size, scaled by the one rule, and coloured."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.colormaps import diverging, sequential
from keras_saliency.render.normalize import normalize
from keras_saliency.render.overlay import overlay
from keras_saliency.render.resize import bilinear, fit, shrink

_AIM = 104
_LARGEST = 128
_SHRUNK = 112
_ROOMY = 384
_ROOM = 1_800_000


@dataclass(frozen=True)
class Cells:
    """One column of a sheet: pictures `(n, height, width, 3)` and, for each, a short label or none."""

    pictures: NDArray[np.uint8]
    labels: tuple[str, ...]


def cell_side(height: int, width: int) -> int:
    """The longer side of a cell: a whole multiple of the image's, near 104 pixels; 112 above 128."""
    longer = max(height, width)
    return longer * max(1, round(_AIM / longer)) if longer <= _LARGEST else _SHRUNK


def roomy_side(height: int, width: int, cells: int) -> int:
    """The longer side of a cell where large images are shown large: their own up to 384 pixels, if there are few.

    More (`cells` in all) are shrunk, so that all together have two million pixels; small images are as in `cell_side`.
    """
    longer, usual = max(height, width), cell_side(height, width)
    share = (_ROOM / max(1, cells) * longer / min(height, width)) ** 0.5
    return max(usual, min(longer, _ROOMY, int(share)))


@dataclass(frozen=True)
class Backdrop:
    """The size at which pictures and maps meet, before they are enlarged to `side`.

    Where maps have the size of the inputs it is that size, so that each pixel stays a sharp square. Other
    maps are interpolated to the size of the cell.
    """

    pictures: NDArray[np.uint8] | None
    size: tuple[int, int]
    side: int

    @classmethod
    def of(
        cls, pictures: NDArray[np.uint8] | None, map_size: tuple[int, int], cells: int | None = None
    ) -> "Backdrop":
        """The backdrop for these pictures (the maps alone where there are none).

        `cells` is how many there will be where large images are to be shown large (`roomy_side`).
        """
        height, width = map_size if pictures is None else pictures.shape[1:3]
        side = cell_side(height, width) if cells is None else roomy_side(height, width, cells)
        if pictures is None:
            return cls(None, _size(shrink(np.empty((1, *map_size), np.float32), side)), side)
        met = shrink(pictures, side) if pictures.shape[1:3] == map_size else fit(pictures, side)
        return cls(met, _size(met), side)

    def scaled(self, maps: NDArray[Any]) -> NDArray[Any]:
        """The maps by the scale rule at the backdrop's size; large maps are averaged first."""
        return bilinear(normalize(shrink(maps, max(self.size))), *self.size)

    def inputs(self, pictures: NDArray[np.uint8]) -> Cells:
        """What went into the model."""
        return Cells(fit(pictures, self.side), ("",) * len(pictures))

    def magnitudes(self, maps: NDArray[Any]) -> Cells:
        """The magnitude over the greyed input, or alone."""
        scaled = self.scaled(maps)
        coloured = sequential(scaled) if self.pictures is None else overlay(self.pictures, scaled)
        return Cells(fit(coloured, self.side), _labels(maps, "all zero"))

    def signed(self, maps: NDArray[Any]) -> Cells:
        """The signed map."""
        return Cells(fit(diverging(self.scaled(maps)), self.side), _labels(maps, "all zero"))

    def changes(self, maps: NDArray[Any], previous: NDArray[Any]) -> Cells:
        """The signed map minus the one before, each by the scale rule; halved, it stays within -1 and 1."""
        halved = (self.scaled(maps) - self.scaled(previous)) / 2
        return Cells(fit(diverging(halved), self.side), _labels(halved, "no change"))


def _labels(maps: NDArray[Any], of_zero: str) -> tuple[str, ...]:
    return tuple("not finite" if not np.isfinite(m).all() else "" if m.any() else of_zero for m in maps)


def _size(images: NDArray[Any]) -> tuple[int, int]:
    return images.shape[1], images.shape[2]
