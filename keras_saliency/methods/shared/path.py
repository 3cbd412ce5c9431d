"""The gradient summed along a path of images: what the methods share that walk from somewhere to the image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import optree

from keras_saliency.engine import Averages, Points, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.gradient import Gradient
from keras_saliency.methods.shared.averaging import Arrays, maps_at
from keras_saliency.metrics.completeness import ENOUGH, completeness_error

PathStep = tuple[Arrays, Arrays]
"""Where the gradient is taken, and by how much each value changes there: explained tensors of `n` examples."""


class Walk:
    """Examples that are walked to; what is predicted is fixed by them.

    Attributes:
        ends: the values of the explained tensors, float32, where every path ends.
        scores: `(n,)`, those of the examples.
        channels: of each explained tensor the axis of its channels; None where it is no image.
        half: whether the model computes with fewer than 32 bits.
    """

    def __init__(self, question: Question, rng: np.random.Generator) -> None:
        self._question, self._rng = question.settled, rng
        self.scores = question.scores.values
        self.ends: Arrays = [value.astype("float32") for value in question.values]
        self.channels = question.anatomy.layout.explained
        self.half = question.model.is_half_precision

    def gradients(self, points: Iterable[Arrays]) -> Iterator[Arrays]:
        """The gradients at each point, for the explained tensors of all examples."""
        return map(optree.tree_leaves, maps_at(self._question, Gradient(), points, rng=self._rng))

    def answers(self, rows: np.ndarray, points: Arrays) -> tuple[Arrays, np.ndarray]:
        """The gradients and the scores, float64, of the examples in these rows at other values, `(m, …)` each."""
        asked = self._question.at(rows, points)
        gradients: Arrays = optree.tree_leaves(asked.gradients().maps)
        return gradients, asked.scores.values.astype("float64")

    def integral(self, steps: Iterable[PathStep]) -> Arrays:
        """The sum over the steps of gradient × change, float32."""
        sums = [np.zeros_like(end) for end in self.ends]
        changes: list[Arrays] = []

        def points() -> Iterator[Arrays]:
            for point, change in steps:
                changes.append(change)
                yield point

        for gradients in self.gradients(points()):
            for total, gradient, change in zip(sums, gradients, changes.pop(0), strict=True):
                np.add(total, gradient * change, out=total)
        return sums

    def averages(self, points: Points) -> Averages:
        """Averages of the gradients at points near the examples, for the explained tensors."""
        return self._question.average_gradients(points)[0]

    def scores_at(self, starts: Arrays) -> np.ndarray:
        """`(n,)` scores, float64, with these values of the explained tensors. Costs one forward pass."""
        return self._question.at(np.arange(len(self._question)), starts).scores.values.astype("float64")

    def result(
        self,
        maps: Arrays,
        changes: np.ndarray,
        evaluations: np.ndarray | int,
        *,
        tolerance: float = ENOUGH,
        **diagnostics: Any,
    ) -> MethodResult:
        """The maps in the inputs' own structure, and by how much they miss the change of the score.

        Args:
            maps: of the explained tensors.
            changes: of the score: what the maps distribute, `(n,)`, or `(paths, n)` where they are means over paths.
                Their mean size counts then: a miss is no larger where changes of both signs cancel.
            evaluations: how many gradients each image took.
            tolerance: beyond which completeness error an image is warned of.
            diagnostics: what else there is to know.
        """
        changes = np.atleast_2d(changes)
        delta, size = _sums(maps) - changes.mean(0), np.abs(changes).mean(0)
        magnitude = _sums([np.abs(leaf) for leaf in maps])
        error = completeness_error(delta, size, magnitude, self.scores, half=self.half)
        told = {
            "completeness_delta": delta.tolist(),
            "completeness_error": error.tolist(),
            "completeness_tolerance": tolerance,
            "evaluations": np.broadcast_to(evaluations, len(delta)).tolist(),
        }
        leaves = [leaf.astype("float32", copy=False) for leaf in maps]
        return MethodResult(self._question.as_inputs(leaves), told | diagnostics)


def _sums(leaves: Arrays) -> np.ndarray:
    """`(n,)`: the sums over everything that belongs to an image, float64."""
    sums: np.ndarray = np.sum(
        [leaf.reshape(len(leaf), -1).sum(1, dtype="float64") for leaf in leaves], axis=0
    )
    return sums
