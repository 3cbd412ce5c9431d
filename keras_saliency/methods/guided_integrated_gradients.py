"""The gradient integrated along a path that avoids steep values until the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import is_real, keep_whole
from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.averaging import Arrays
from keras_saliency.methods.shared.baselines import as_baseline, baseline_key, baseline_values
from keras_saliency.methods.shared.path import Walk

BLUR = 0.1


@dataclass(frozen=True, eq=False)
class GuidedIntegratedGradients(Method):
    """Integrated gradients on a path that moves the values with small gradients first (Kapishnikov et al. 2021,
    arXiv:2106.09788).

    Every step brings the image nearer by the same part of its distance to the baseline (the sum of absolute
    differences), moving the `fraction` of the values whose gradients are smallest. So values that only matter between
    baseline and image collect less noise than on the straight line. In units of the score; what equals the baseline
    gets zero. `diagnostics["completeness_delta"]` has, for each image, the sum of its map minus the change of the
    score, and `"completeness_error"` which share of that change it is; images that miss more than 5 % are warned of.
    On large networks with ReLUs more steps need not help, as the path follows small gradients; a smaller `max_distance`
    does.

    Costs `steps` forward and backward passes, one after the other, and 2 forward passes; choosing the values takes
    time of its own on large images.

    Args:
        steps: how many gradients are taken.
        baseline: as in `IntegratedGradients`, but one only.
        fraction: of the values that move together.
        max_distance: how far any value may be ahead of the straight line or behind it, as a fraction of the line: 0 is
            the straight line (left ends), 1 sets no bound.
        name: of this variant.

    Example:
        >>> explanation = ks.explain(model, images, ks.GuidedIntegratedGradients(steps=8))
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    steps: int = 50
    baseline: Any = 0.0
    fraction: float = 0.25
    max_distance: float = 0.02
    name: str = "guided_integrated_gradients"

    registered: ClassVar[str] = "guided_integrated_gradients"
    cost: ClassVar[str] = "steps forward and backward passes, and 2 forward passes"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "steps")
        if not is_real(self.fraction) or not 0 < self.fraction <= 1:
            raise ValueError(
                f"Expected fraction to be above 0 and at most 1. Received: fraction={self.fraction!r}"
            )
        if not is_real(self.max_distance) or not 0 <= self.max_distance <= 1:
            raise ValueError(
                f"Expected max_distance to be from 0 to 1. Received: max_distance={self.max_distance!r}"
            )
        object.__setattr__(self, "baseline", as_baseline(self.baseline))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GuidedIntegratedGradients) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Any, ...]:
        return (self.steps, baseline_key(self.baseline), self.fraction, self.max_distance, self.name)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        walk = Walk(question, rng)
        starts = baseline_values(self.baseline, walk.ends, walk.channels, BLUR)
        start, end = _flat(starts), _flat(walk.ends)
        point, sums = start, np.zeros(end.shape)
        for step in range(self.steps):
            gradient = _flat(next(walk.gradients([_unflat(point, walk.ends)])))
            after = np.stack(
                [
                    self._moved(*row, (step + 1) / self.steps)
                    for row in zip(point, start, end, gradient, strict=True)
                ]
            )
            sums += (after - point) * gradient
            point = after
        maps = [leaf.astype("float64") for leaf in _unflat(sums, walk.ends)]
        return walk.result(maps, walk.scores - walk.scores_at(starts), self.steps)

    def _moved(
        self, point: np.ndarray, start: np.ndarray, end: np.ndarray, gradient: np.ndarray, progress: float
    ) -> np.ndarray:
        """The next point of one image: `progress` of its distance from the baseline is behind it."""
        way = end - start
        lowest, highest = (
            np.clip(progress + offset, 0, 1) for offset in (-self.max_distance, self.max_distance)
        )
        behind = np.abs(point - start) < lowest * np.abs(way)
        point = np.where(behind, start + lowest * way, point)
        bound = start + highest * way
        left = np.abs(end - point).sum() - (1 - progress) * np.abs(way).sum()
        steepness = np.where(point == bound, np.inf, np.abs(gradient))
        together = int(self.fraction * (len(way) - 1))
        while left > 1e-9 * np.abs(way).sum() and np.isfinite(steepness).any():
            moving = np.isfinite(steepness) & (steepness <= np.partition(steepness, together)[together])
            room = np.where(moving, np.abs(bound - point), 0).sum()
            if left <= room:  # these values alone cover what is left of the step
                return np.where(moving, point + left / room * (bound - point), point)
            point, steepness = np.where(moving, bound, point), np.where(moving, np.inf, steepness)
            left -= room
        return point


def _flat(values: Arrays) -> np.ndarray:
    """All values of each example in one row, float64."""
    return np.concatenate([value.reshape(len(value), -1) for value in values], axis=1).astype("float64")


def _unflat(rows: np.ndarray, like: Arrays) -> Arrays:
    """The rows as float32 arrays of these shapes."""
    ends = np.cumsum([int(np.prod(value.shape[1:])) for value in like])
    return [
        part.reshape(value.shape).astype("float32")
        for part, value in zip(np.split(rows, ends[:-1], axis=1), like, strict=True)
    ]
