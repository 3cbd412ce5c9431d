"""Along which axes of a tensor the axes of an array run, told by changing the array slab by slab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SLABS = 8
"""Into how many slabs an axis is cut at most."""

FAR, STRAIGHT, STRAIGHTER = 0.25, 0.7, 0.9
"""The least correlation of where a change shows with where it was made: for a course that goes far, and for others.

Measured: of 400 random matrices from an image to 3 × 4 places with two channels one passes for a layer over the
image, of 400 to 4 × 6 with four none. Transformers of random weights go 0.28 and farther, EfficientNetB0's 3 × 3
places 0.12, but straight.
"""

LIES = 0.03
"""How far a change has to move along an axis that lies over another one, behind layers that spread every change."""

UNSEEN = 2
"""How many pixels of an axis may show nowhere: a stride leaves out a few, a crop many."""


@dataclass(frozen=True)
class Slabs:
    """Copies of one example in which one slab of one axis after the other is changed.

    Attributes:
        rows: the copies, `(m, …)`; nothing is changed in the first.
        axes: of each other copy the axis that was cut, the batch included.
        places: of each other copy where on that axis the slab lies, from 0 to 1.
    """

    rows: np.ndarray
    axes: tuple[int, ...]
    places: tuple[float, ...]

    @classmethod
    def of(cls, like: np.ndarray, axes: Sequence[int]) -> Slabs:
        """Slabs of random values between the lowest and the highest of some examples `(n, …)`, always the same.

        Each value is one of two, and a change takes the other: it is as strong everywhere.
        """
        low, high = np.array(_two_values(like)).astype(like.dtype)
        is_high = np.random.default_rng(0).random(like.shape[1:]) < 0.5
        changed, cut, places = [is_high], [], []
        for axis in axes:
            size = like.shape[axis]
            for slab in np.array_split(np.arange(size), min(SLABS, size)):
                place = (slice(None),) * (axis - 1) + (slab,)
                copy = is_high.copy()
                copy[place] = ~copy[place]
                changed.append(copy)
                cut.append(axis)
                places.append(float(slab.mean()) / max(size - 1, 1))
        return cls(np.where(np.stack(changed), high, low), tuple(cut), tuple(places))

    def courses(self, changes: np.ndarray) -> np.ndarray:
        """How the axes of the array run along those of a tensor, `(axes of the array, axes of the tensor)`.

        Each number is how far a change moves along the tensor's axis (its length is 1) while it moves along that of
        the array: 1 where both are the same, −1 where one is reversed, 0 where they have nothing to do with each
        other. The first of each, the batch, is 0.

        Args:
            changes: `(m − 1, …)`: by how much each value of the tensor differs from that of the unchanged copy.
        """
        found, places = np.zeros((self.rows.ndim, changes.ndim)), np.array(self.places)
        centres = np.array([_centres(change) for change in changes])
        for axis in set(self.axes):
            rows = [row for row, cut in enumerate(self.axes) if cut == axis and np.isfinite(centres[row, 0])]
            for other in range(1, changes.ndim):
                if len(rows) > 1 and changes.shape[other] > 1:
                    found[axis, other] = _slope(places[rows], centres[rows, other])
        return found

    def sides(self, values: np.ndarray, expected: tuple[int, int]) -> tuple[int, int] | None:
        """The axes of a tensor over which the two axes lie that were cut; None where that is not so.

        Args:
            values: of the tensor, for the copies.
            expected: the axes that one lies over which has a single place, on either side.
        """
        changes = values[1:].astype("float64") - values[:1]
        courses, found = self.courses(changes), []
        for axis, otherwise in zip(sorted(set(self.axes)), expected, strict=True):
            rows = [row for row, cut in enumerate(self.axes) if cut == axis]
            unseen = sum(not changes[row].any() for row in rows) * self.rows.shape[axis] / len(rows)
            best = int(courses[axis].argmax())
            if courses[axis, best] > LIES and unseen <= UNSEEN:
                found.append(best)
            elif len(rows) == 1 or values.shape[otherwise] == 1:
                found.append(otherwise)
        return (found[0], found[1]) if len(set(found)) == 2 else None


def _two_values(like: np.ndarray) -> tuple[float, float]:
    """Two values between the lowest and the highest, that neither `abs` nor a sign makes equal."""
    low, high = float(like.min()), float(like.max())
    if like.dtype.kind in "iu":
        return (low, high) if low < high else (low, low - 1 if low > 0 else low + 1)
    if like.dtype.kind == "b":
        return 0, 1
    width = (high - low) or 1.0
    return low + width / 10, high - width / 5


def _centres(change: np.ndarray) -> list[float]:
    """Where one change shows along each axis, from 0 to 1, behind the axis of the batch; NaN where it does not."""
    # Squares: attention and large windows spread a little of every change over everything.
    weights = np.nan_to_num(change.astype("float64"), posinf=0, neginf=0) ** 2
    strength = weights.sum() or np.nan
    found = [0 * strength]
    for axis, size in enumerate(weights.shape):
        others = tuple(other for other in range(weights.ndim) if other != axis)
        found.append(float(weights.sum(others) @ np.linspace(0, 1, size) / strength))
    return found


def _slope(places: np.ndarray, centres: np.ndarray) -> float:
    """The slope of the line through these points; 0 where they do not lie on one."""
    x, y = places - places.mean(), centres - centres.mean()
    spread = float(np.sqrt((x * x).sum() * (y * y).sum()))
    slope = float((x * y).sum() / (x * x).sum())
    least = STRAIGHT if abs(slope) > FAR else STRAIGHTER
    return slope if abs((x * y).sum()) > least * spread else 0.0
