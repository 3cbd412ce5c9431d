"""Clusters of examples: of a few, and for each other one that where the nearest of these is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_saliency.surveys.strategies.spectral import spectral_parts

MOST = 8
"""So many clusters at most."""
FEW = 512
"""So many points are clustered; the others go where the nearest of these does."""
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Clusters:
    """How points fall apart.

    Attributes:
        few: `(k, d)`, the points that were clustered.
        labels: `(k,)` the cluster of each, from 1; 0: none.
    """

    few: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, seed: int) -> Clusters:
        """Of points `(n, d)` in a random order that is always the same."""
        return cls(points[:FEW], spectral_parts(points[:FEW], MOST, seed))

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.labels.max(initial=0))

    def part(self, points: np.ndarray) -> np.ndarray:
        """`(n,)` the cluster of each of these points, from 1; 0: none."""
        if not self.count:
            return np.zeros(len(points), int)
        return np.asarray(self.labels[nearest(points, self.few)])


def nearest(points: np.ndarray, few: np.ndarray) -> np.ndarray:
    """`(n,)`: which of some points is the nearest to each point."""
    lengths = (few**2).sum(1)
    blocks = (points[start : start + _BLOCK] for start in range(0, len(points), _BLOCK))
    return np.concatenate([np.zeros(0, int), *((lengths - 2 * block @ few.T).argmin(1) for block in blocks)])
