"""Maps of noisy images, and their mean and variance: what SmoothGrad and its variants share."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import optree
from scipy.special import ndtri

from keras_saliency.engine import Points, Question
from keras_saliency.methods.base import Method, make_method
from keras_saliency.methods.shared.averaging import Arrays, maps_at, moved, per_example, places, sum_of
from keras_saliency.methods.shared.rectified import Rule, warn_of_unreached
from keras_saliency.methods.shared.stratified import latin_hypercube


def name_around(registered: str, method: Method) -> str:
    """The name of a method that wraps another: its own, plus the other's where that is not the gradient."""
    return registered if method.name == "gradient" else f"{registered}_{method.name}"


BLOCK = 8
"""How many noisy copies are one Latin hypercube."""


def block_sizes(samples: int) -> list[int]:
    """The sizes of the blocks that so many copies come in: only the last may be smaller."""
    return [min(BLOCK, samples - start) for start in range(0, samples, BLOCK)]


RULES: dict[str, Rule | None] = {"gradient": None, "guided_backprop": "guided", "deconvnet": "deconvnet"}
"""The methods whose maps are gradients, and their rules for rectifiers."""


class NoisyMaps:
    """Means over maps of noisy versions of `n` images.

    The noise is Gaussian, and comes in blocks that are Latin hypercubes: each value's noise is spread evenly over the
    distribution, so that most of what varies cancels within a block. Its standard deviation is a fraction of the range
    (the largest minus the smallest value) of each image's explained tensor: a constant image gets none. Every image
    gets the same noise, scaled: its map does not depend on the images beside it.

    Args:
        question: about these images, with a fixed target.
        method: whose maps, or its name.
        noise: that fraction.
        rng: seeds the noise, and is handed to the method.
    """

    def __init__(
        self,
        question: Question,
        method: str | Method,
        *,
        noise: float,
        rng: np.random.Generator,
    ) -> None:
        self._question, self._method = question, make_method(method)
        self._rng = rng
        own = self._method.registered
        self._are_gradients = own in RULES and type(self._method) is type(
            make_method(own)
        )  # none made from it
        self._values = [value.astype("float32") for value in question.values]
        self._deviations = [noise * _ranges(value) for value in self._values]
        self.count = len(question)
        self._noise = np.random.default_rng(rng.integers(2**63))

    def mean(self, rows: np.ndarray, samples: int) -> Any:
        """The mean of `samples` more maps of the images in these rows, float32."""
        if not self._are_gradients:
            return optree.tree_map(lambda leaf: leaf / samples, sum_of(self._maps(rows, samples)))
        return self._averages(rows, samples, variance=False)[0]

    def moments(self, samples: int) -> tuple[Any, Any]:
        """Mean and variance of `samples` more maps of all images, float32."""
        rows = np.arange(self.count)
        if self._are_gradients:
            return self._averages(rows, samples, variance=True)
        found = Moments(self.count)
        for maps in self._maps(rows, samples):
            found.add(rows, maps)
        return found.mean, found.variance

    def _averages(self, rows: np.ndarray, samples: int, *, variance: bool) -> tuple[Any, Any]:
        """Where the maps are gradients, they are averaged on the device."""
        question = self._question.take(rows)
        own = [[part[rows] for part in parts] for parts in (self._values, self._deviations)]
        start = deepcopy(self._noise)

        def noises() -> Iterator[Arrays]:  # the same ones if all begins anew
            self._noise = deepcopy(start)
            return ([noise[None] for noise in drawn] for drawn in self._draw(samples))

        points = Points(moved, own, noises, np.ones(samples))
        rule = RULES[self._method.registered]
        found, rectifiers = question.average_gradients(points, rule, variance=variance)
        warn_of_unreached(rule, rectifiers)
        return question.as_inputs(found.means), question.as_inputs(found.variances or found.means)

    def _maps(self, rows: np.ndarray, samples: int) -> Iterator[Any]:
        own = [[part[rows] for part in parts] for parts in (self._values, self._deviations)]
        points = (moved(own, noises)[0] for noises in self._draw(samples))
        return maps_at(self._question.take(rows), self._method, points, rng=self._rng)

    def _draw(self, samples: int) -> Iterator[Arrays]:
        """The noise of each copy, block by block."""
        for size in block_sizes(samples):
            blocks = [
                ndtri(latin_hypercube(size, value.shape[1:], self._noise).astype("float32"))
                for value in self._values
            ]
            yield from map(list, zip(*blocks, strict=True))


class Moments:
    """Mean and variance of the maps of `n` images, in float64, updated map by map (Welford 1962).

    Attributes:
        seen: `(n,)` how many maps each image had; a mean of several counts as these.
    """

    def __init__(self, count: int) -> None:
        self.seen = np.zeros(count, int)
        self._added = np.zeros(count)
        self._mean: Arrays = []
        self._squares: Arrays = []
        self._structure: Any = None

    def add(self, rows: np.ndarray, maps: Any, weight: int = 1) -> None:
        """One more map for each of these rows, or the mean of `weight` maps."""
        leaves, self._structure = optree.tree_flatten(maps)
        if not self._mean:
            self._mean, self._squares = (
                [np.zeros((len(self.seen), *leaf.shape[1:])) for leaf in leaves] for _ in range(2)
            )
        at = places(rows, len(self.seen))
        self.seen[at] += weight
        self._added[at] += 1
        for leaf, mean, squares in zip(leaves, self._mean, self._squares, strict=True):
            before = leaf - mean[at]
            step = before * per_example(weight / self.seen[at], leaf)
            mean[at] += step
            np.subtract(before, step, out=step)  # the distance from the new mean
            step *= before
            step *= weight
            squares[at] += step

    @property
    def mean(self) -> Any:
        """The mean maps, float32."""
        return self._maps(self._mean)

    @property
    def variance(self) -> Any:
        """The mean squared distances from the mean, float32."""
        return self._maps([squares / per_example(self.seen, squares) for squares in self._squares])

    @property
    def relative_errors(self) -> np.ndarray:
        """`(n,)`: the standard error of each mean map divided by its length, both as Euclidean norms, from how the maps
        added with equal weights differ; 0 where nothing varies, infinite where the mean is zero, or one was added."""
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.sqrt(_sums(self._squares) / (self.seen * (self._added - 1)))
            relative = error / np.sqrt(_sums([mean**2 for mean in self._mean]))
        relative[np.isnan(relative)] = np.inf
        return np.where((_sums(self._squares) == 0) & (self._added > 1), 0.0, relative)

    def _maps(self, leaves: Arrays) -> Any:
        return optree.tree_unflatten(self._structure, [leaf.astype("float32") for leaf in leaves])


def _ranges(values: np.ndarray) -> np.ndarray:
    rows = values.reshape(len(values), -1)
    return per_example(rows.max(1) - rows.min(1), values)


def _sums(leaves: Arrays) -> np.ndarray:
    """`(n,)`: the sums over everything that belongs to an image."""
    sums: np.ndarray = np.sum([leaf.reshape(len(leaf), -1).sum(1) for leaf in leaves], axis=0)
    return sums
