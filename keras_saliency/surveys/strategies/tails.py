"""Rare examples: those that lie far out along an independent component (Hyvärinen and Oja 2000)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

_MOST = 16
"""So many components, the principal ones."""
_STEPS, _TOLERANCE = 100, 1e-2
_FAR = 3.5
"""Of a normal distribution one example in four thousand is so many deviations away."""
_DEVIATION = 1.4826
"""The standard deviation of a normal distribution, in median distances from its middle."""
_LEAST = 0.05
_FLAT = 1e-6


@dataclass(frozen=True, eq=False)
class Tails:
    """The independent components of some points, and how far out on each is far.

    What few examples have in common, and the others have not, is a direction in which most do not differ and few are
    far away: a component with a heavy tail. Distances hide it, as what all differ in is in them too.

    Attributes:
        middle: `(k,)` what is usual, component by component.
        directions: `(d, k)` the components, each turned so that its tail is above.
        far: `(k,)` what lies farther above the middle is rare.
        skewness: `(k,)` of the points along each.
    """

    middle: np.ndarray
    directions: np.ndarray
    far: np.ndarray
    skewness: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, seed: int = 0) -> Tails:
        """From points `(n, d)`; with no component where they do not differ."""
        from sklearn.decomposition import FastICA
        from sklearn.exceptions import ConvergenceWarning

        centred = points - points.mean(0)
        _, spread, principal = np.linalg.svd(centred, full_matrices=False)
        count = min(_MOST, int((spread > _FLAT * spread[0]).sum()))
        if not count:
            return cls(np.zeros(0), np.zeros((points.shape[1], 0)), np.zeros(0), np.zeros(0))
        whitening = principal[:count].T / spread[:count] * np.sqrt(len(points))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near is enough
            analysis = FastICA(whiten=False, max_iter=_STEPS, tol=_TOLERANCE, random_state=seed)
            analysis.fit(centred @ whitening)
        directions = whitening @ analysis.components_.T
        skewness = ((centred @ directions) ** 3).mean(0)
        directions = directions * np.where(skewness < 0, -1, 1)
        scores = points @ directions
        middle = np.median(scores, axis=0)
        deviation = _DEVIATION * np.median(abs(scores - middle), axis=0)
        return cls(middle, directions, _FAR * np.maximum(deviation, _LEAST), abs(skewness))

    def heights(self, points: np.ndarray) -> np.ndarray:
        """`(n, k)`: how far out each point is, in units of what is far."""
        return np.asarray((points @ self.directions - self.middle) / self.far)
