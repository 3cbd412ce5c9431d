"""Clusters of examples: of a few, and for each other one where the nearest of these is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_saliency.surveys.strategies.sketch import Scale, nearest
from keras_saliency.surveys.strategies.spectral import spectral_parts

MOST = 8
"""So many clusters at most."""
FEW = 512
"""So many points are clustered; the others go where the nearest of these does."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """How the points of a view fall apart.

    Attributes:
        view: its name.
        scale: of the points; None: as they are.
        few: `(k, d)`, the points that were clustered.
        labels: `(k,)` the cluster of each; 0: none.
    """

    view: str
    scale: Scale | None
    few: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, view: str, seed: int) -> Clusters:
        """Of points `(n, d)` in a random order that is always the same; places are compared in their own units."""
        scale = Scale.of(points) if view == "place" else None
        few = (points if scale is None else scale(points))[:FEW]
        return cls(view, scale, few, spectral_parts(few, MOST, seed))

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.labels.max(initial=0))

    def part(self, points: np.ndarray) -> np.ndarray:
        """`(n,)` the cluster of each of these examples, from 1; 0: none."""
        if not self.count:
            return np.zeros(len(points), int)
        return np.asarray(self.labels[nearest(self.seen(points), self.few)[0]])

    def seen(self, points: np.ndarray) -> np.ndarray:
        """The points as they are compared."""
        return points if self.scale is None else self.scale(points)
