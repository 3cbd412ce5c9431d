"""How points are measured, and which of a few is the nearest to each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BLOCK = 4096
_LEAST = 0.25


@dataclass(frozen=True, eq=False)
class Scale:
    """Puts each coordinate in units of what is usual, so that what is rare stands out however small it is.

    Attributes:
        middle: `(d,)` medians.
        spread: `(d,)` median distances from them, at least a quarter of the mean of all.
    """

    middle: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray) -> Scale:
        """From points `(n, d)`."""
        middle = np.median(points, axis=0)
        spread = np.median(abs(points - middle), axis=0)
        return cls(middle, np.maximum(spread, max(_LEAST * float(spread.mean()), 1e-12)))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The points in these units."""
        return np.asarray((points - self.middle) / self.spread)


def nearest(points: np.ndarray, few: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of some points is the nearest to each point, `(n,)`, and how far away it is."""
    chosen, distances = np.empty(len(points), int), np.empty(len(points))
    lengths = (few**2).sum(1)
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        squares = (block**2).sum(1)[:, None] - 2 * block @ few.T + lengths
        chosen[start : start + _BLOCK] = squares.argmin(1)
        distances[start : start + _BLOCK] = np.sqrt(np.maximum(squares.min(1), 0))
    return chosen, distances
