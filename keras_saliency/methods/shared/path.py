"""The gradient summed along a path of images: what the methods share that walk from somewhere to the image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree

from keras_saliency.engine import ScoredModel, Scores
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.gradient import Gradient
from keras_saliency.methods.shared.averaging import Arrays, maps_at, settled
from keras_saliency.probes.targets import BoundTarget

Step = tuple[Arrays, Arrays]
"""Where the gradient is taken, and by how much each value changes there: explained tensors of `n` examples."""


@dataclass(frozen=True)
class Walk:
    """Examples that are walked to, each with a fixed target.

    Attributes:
        ends: the values of the explained tensors, where every path ends.
        scores: those of the examples.
        channel_axis: of images: −1, or 1 for channels first.
    """

    ends: Arrays
    scores: Scores
    channel_axis: int
    _model: ScoredModel
    _inputs: Any
    _target: BoundTarget
    _rng: np.random.Generator

    @classmethod
    def to(cls, model: ScoredModel, inputs: Any, target: BoundTarget, rng: np.random.Generator) -> Walk:
        """Paths to these inputs. What is predicted is fixed by them."""
        target, scores = settled(model, inputs, target)
        ends = [value.astype("float32") for value in model.explained(inputs, target)]
        return cls(ends, scores, model.inspect(inputs, target).channel_axis, model, inputs, target, rng)

    def gradients(self, points: Iterable[Arrays]) -> Iterable[Arrays]:
        """The gradients at each point, for the explained tensors of all examples."""
        maps = maps_at(self._model, Gradient(), self._inputs, self._target, points, rng=self._rng)
        return map(optree.tree_leaves, maps)

    def integral(self, steps: Iterable[Step]) -> Arrays:
        """The sum over the steps of gradient × change, float32."""
        sums = [np.zeros_like(end) for end in self.ends]
        changes: list[Arrays] = []

        def points() -> Iterable[Arrays]:
            for point, change in steps:
                changes.append(change)
                yield point

        for gradients in self.gradients(points()):
            for total, gradient, change in zip(sums, gradients, changes.pop(0), strict=True):
                np.add(total, gradient * change, out=total)
        return sums

    def completeness_delta(self, sums: Arrays, starts: Arrays) -> list[float]:
        """For each example the sum of its map minus the change of its score from the start. One forward pass."""
        moved = self._model.moved(self._inputs, self._target, np.arange(len(starts[0])), starts)
        change = self.scores.scores.astype("float64") - self._model.scores(moved, self._target).scores
        totals = sum(leaf.reshape(len(leaf), -1).sum(1, dtype="float64") for leaf in sums)
        return (totals - change).tolist()  # type: ignore[no-any-return]

    def result(self, sums: Arrays, diagnostics: dict[str, Any]) -> MethodResult:
        """The maps in the inputs' own structure."""
        leaves = [leaf.astype("float32", copy=False) for leaf in sums]
        maps = self._model.as_inputs(self._inputs, self._target, leaves)
        return MethodResult(maps, self.scores, diagnostics)
