"""The gradient on a straight line, taken where it is needed until the integral is the change of the score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from keras_saliency.methods.shared.averaging import Arrays
from keras_saliency.methods.shared.path import Walk
from keras_saliency.methods.shared.quadrature import FEWEST, next_points, trapezoid
from keras_saliency.metrics.completeness import LEAST_SHARE, completeness_error

ROOM = 2**27
"""Values of gradients that are kept at once, 512 MiB; those of one image at least."""


class Line:
    """What is known of one image on the line to it: gradients and scores at growing places from 0 to 1.

    With each gradient comes the score. So by how much the integral of the gradient is wrong is known on each interval,
    before anything else is computed there.
    """

    def __init__(self, start: Arrays, end: Arrays) -> None:
        self._start = start
        self._way = [to - of for of, to in zip(start, end, strict=True)]
        self.places = np.empty(0)
        self._slopes, self._scores, self._magnitudes = np.empty((3, 0))
        self._gradients: list[Arrays] = []

    def points(self, places: np.ndarray) -> Arrays:
        """The values of the explained tensors at these places, `(m, …)` float32."""
        fractions = places.astype("float32")
        return [
            start + fractions.reshape(-1, *[1] * start.ndim) * way
            for start, way in zip(self._start, self._way, strict=True)
        ]

    def add(self, places: np.ndarray, gradients: Arrays, scores: np.ndarray) -> None:
        """Take over what was found at more places."""
        products = [
            (gradient * way).reshape(len(places), -1)
            for gradient, way in zip(gradients, self._way, strict=True)
        ]
        slopes = sum(product.sum(1, dtype="float64") for product in products)
        magnitudes = sum(np.abs(product).sum(1, dtype="float64") for product in products)
        order = np.argsort(merged := np.append(self.places, places))
        self.places = merged[order]
        self._slopes = np.append(self._slopes, slopes)[order]
        self._scores = np.append(self._scores, scores)[order]
        self._magnitudes = np.append(self._magnitudes, magnitudes)[order]
        both = [*self._gradients, *map(list, zip(*gradients, strict=True))]
        self._gradients = [both[position] for position in order]

    @property
    def change(self) -> float:
        """Of the score, from the start to the image."""
        return float(self._scores[-1] - self._scores[0])

    @property
    def misses(self) -> np.ndarray:
        """By how much the integral over each interval exceeds the change of the score over it."""
        means = (self._slopes[1:] + self._slopes[:-1]) / 2
        return np.asarray(np.diff(self.places) * means - np.diff(self._scores))

    @property
    def delta(self) -> float:
        """The sum of the map minus the change of the score."""
        return float(self.misses.sum())

    def maps(self) -> Arrays:
        """The integral of the gradient times the way, float64."""
        weights = trapezoid(self.places)
        return [
            sum(weight * gradient for weight, gradient in zip(weights, leaves, strict=True)) * way
            for leaves, way in zip(zip(*self._gradients, strict=True), self._way, strict=True)
        ]

    def error(self, *, half: bool) -> float:
        """See `completeness_error`."""
        magnitude = float(trapezoid(self.places) @ self._magnitudes)  # at least that of the map
        if abs(self.change) < LEAST_SHARE * magnitude:
            magnitude = float(sum(np.abs(leaf).sum() for leaf in self.maps()))
        told = (np.array([value]) for value in (self.delta, self.change, magnitude, self._scores[-1]))
        return float(completeness_error(*told, half=half)[0])


@dataclass(frozen=True)
class Walked:
    """The maps of `n` images, float64.

    Attributes:
        maps: of the explained tensors.
        changes: `(lines, n)`, of the score, from each start to the image.
        evaluations: how many gradients each image took; one number for all, or `(n,)`.
    """

    maps: Arrays
    changes: np.ndarray
    evaluations: np.ndarray | int


def walk_lines(walk: Walk, starts: Arrays, *, tolerance: float, most: int) -> Walked:
    """The integrals along the lines from these starts; each image takes the gradients that it needs.

    Args:
        walk: to the images.
        starts: explained tensors of `n` examples.
        tolerance: the completeness error at which an image is done.
        most: gradients that an image may take.
    """
    maps = [np.zeros(end.shape) for end in walk.ends]
    count = len(walk.scores)
    change, evaluations = np.zeros(count), np.zeros(count, int)
    at_once = max(1, ROOM // (most * sum(end[0].size for end in walk.ends)))
    for first in range(0, count, at_once):
        rows = range(first, min(first + at_once, count))
        for row, line in _walked(walk, starts, rows, tolerance, most):
            change[row], evaluations[row] = line.change, len(line.places)
            for leaf, found in zip(maps, line.maps(), strict=True):
                leaf[row] = found
    return Walked(maps, change[None], evaluations)


def _walked(
    walk: Walk, starts: Arrays, rows: range, tolerance: float, most: int
) -> Iterator[tuple[int, Line]]:
    """Each line as soon as it is done."""
    lines = {row: Line([start[row] for start in starts], [end[row] for end in walk.ends]) for row in rows}
    going = {row: np.linspace(0, 1, FEWEST) for row in rows}
    while going:
        _ask(walk, lines, going)
        asked, going = going, {}
        for row in asked:
            line = lines[row]
            left = most - len(line.places)
            if line.error(half=walk.half) > tolerance:
                places = next_points(line.places, line.misses, left)
                if len(places):
                    going[row] = places
                    continue
            yield row, lines.pop(row)


def _ask(walk: Walk, lines: dict[int, Line], going: dict[int, np.ndarray]) -> None:
    """Take the gradients at these places of each line, all in one call."""
    rows = np.repeat(list(going), [len(places) for places in going.values()])
    points = [lines[row].points(places) for row, places in going.items()]
    gradients, scores = walk.answers(rows, [np.concatenate(leaf) for leaf in zip(*points, strict=True)])
    first = 0
    for row, places in going.items():
        part = slice(first, first + len(places))
        lines[row].add(places, [leaf[part] for leaf in gradients], scores[part])
        first += len(places)
