"""The gradient summed along a path of images: what the methods share that walk from somewhere to the image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import optree

from keras_saliency.engine import Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.gradient import Gradient
from keras_saliency.methods.shared.averaging import Arrays, maps_at

PathStep = tuple[Arrays, Arrays]
"""Where the gradient is taken, and by how much each value changes there: explained tensors of `n` examples."""


class Walk:
    """Examples that are walked to; what is predicted is fixed by them.

    Attributes:
        ends: the values of the explained tensors, float32, where every path ends.
        scores: `(n,)`, those of the examples.
        channels: of each explained tensor the axis of its channels; None where it is no image.
    """

    def __init__(self, question: Question, rng: np.random.Generator) -> None:
        self._question, self._rng = question.settled, rng
        self.scores = question.scores.values
        self.ends: Arrays = [value.astype("float32") for value in question.values]
        self.channels = question.anatomy.layout.explained

    def gradients(self, points: Iterable[Arrays], rows: np.ndarray | None = None) -> Iterator[Arrays]:
        """The gradients at each point, for the explained tensors of all examples, or of those in some rows."""
        question = self._question
        if rows is not None and len(rows) < len(question):
            question = question.take(rows)
        return map(optree.tree_leaves, maps_at(question, Gradient(), points, rng=self._rng))

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

    def scores_at(self, starts: Arrays) -> np.ndarray:
        """`(n,)` scores with these values of the explained tensors. Costs one forward pass."""
        return self._question.at(np.arange(len(self._question)), starts).scores.values

    def completeness_delta(self, sums: Arrays, starts: Arrays) -> list[float]:
        """For each example the sum of its map minus the change of its score from the start. One forward pass."""
        totals = sum(leaf.reshape(len(leaf), -1).sum(1, dtype="float64") for leaf in sums)
        change = self.scores.astype("float64") - self.scores_at(starts)
        return (totals - change).tolist()  # type: ignore[no-any-return]

    def result(self, sums: Arrays, diagnostics: dict[str, Any]) -> MethodResult:
        """The maps in the inputs' own structure."""
        leaves = [leaf.astype("float32", copy=False) for leaf in sums]
        return MethodResult(self._question.as_inputs(leaves), diagnostics)
