"""A place of any shape that is to be tried, and where it lies in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import label

_THIN = 0.2
_MAIN = 0.8
_CROWD = 4


@dataclass(frozen=True, eq=False)
class Place:
    """A place in the images.

    Attributes:
        mask: `(height, width)` booleans.
        enrichment: how hot the maps are there, as a multiple of the place's share of the area.
        class_index: the only class that it is tried for; None: each class of the probes.
        fill: what takes its content's place, see `filled`.
        holders: `(n,)` booleans, the images that hold what was found there; None: all that have content there.
    """

    mask: np.ndarray
    enrichment: float
    class_index: int | None = None
    fill: Any = "mean"
    holders: np.ndarray | None = None

    @property
    def words(self) -> str:
        """Where it lies."""
        return described(self.mask)


def pieces_of(mask: np.ndarray) -> list[np.ndarray]:
    """The connected pieces of a mask, the largest first; pixels that touch at a corner are connected."""
    labelled, count = label(mask, np.ones((3, 3)))
    pieces = [labelled == index for index in range(1, count + 1)]
    return sorted(pieces, key=lambda piece: -int(piece.sum()))


def described(mask: np.ndarray) -> str:
    """Where a mask lies and what shape it has, such as "the top left corner, rows 0 to 2 and columns 0 to 2"."""
    pieces = pieces_of(mask)
    share = f"{mask.mean():.0%} of the image"
    if _is_frame(mask):
        return f"a frame along all borders, {share}"
    if len(pieces) == 1:
        return _one(mask)
    if pieces[0].sum() >= _MAIN * mask.sum():
        return f"{_one(pieces[0])} and specks beside it"
    if len(pieces) > _CROWD:
        return f"{len(pieces)} pieces in {_span(mask)}, {share}"
    return " and ".join(map(_one, pieces)) + " together"


def _one(mask: np.ndarray) -> str:
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    high, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    full = mask.sum() / (high * wide)
    where = _where(rows, columns, height, width)
    lying = high <= _THIN * wide and wide > width / 2
    standing = wide <= _THIN * high and high > height / 2
    if full > 0.5 and (lying or standing):
        border = {"top border", "bottom border", "left border", "right border"} & {where}
        thick, of, along = (high, height, "across") if lying else (wide, width, "down")
        run = f"along the {where}" if border else f"{along} the image"
        return f"a stripe {run}, {thick} of {of} px wide, {_span(mask)}"
    if full < 0.5 and high > height / 2 and wide > width / 2:
        return f"{mask.mean():.0%} of the image, scattered over {_span(mask)}"
    return f"the {where}, {_span(mask)}" if where else _span(mask)


def _span(mask: np.ndarray) -> str:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return f"{_run('row', rows)} and {_run('column', columns)}"


def _where(rows: np.ndarray, columns: np.ndarray, height: int, width: int) -> str:
    """Which corner or border it touches; nothing where it touches none, or opposite ones both ways."""
    top, bottom = rows[0] == 0, rows[-1] == height - 1
    left, right = columns[0] == 0, columns[-1] == width - 1
    vertical = "" if top == bottom else "top" if top else "bottom"
    horizontal = "" if left == right else "left" if left else "right"
    kind = "corner" if vertical and horizontal else "border" if vertical or horizontal else ""
    return " ".join(word for word in (vertical, horizontal, kind) if word)


def _is_frame(mask: np.ndarray) -> bool:
    """Whether it runs along all four borders and leaves the middle half free."""
    height, width = mask.shape
    borders = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    middle = mask[height // 4 : height - height // 4, width // 4 : width - width // 4]
    return all(border.mean() > 0.8 for border in borders) and not middle.any()


def _run(name: str, found: np.ndarray) -> str:
    return f"{name} {found[0]}" if found[0] == found[-1] else f"{name}s {found[0]} to {found[-1]}"
