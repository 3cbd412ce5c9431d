"""The gradient integrated along the path from a baseline to the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import is_real, keep_whole
from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.averaging import Arrays, places
from keras_saliency.methods.shared.baselines import as_baseline, baseline_key, baseline_values
from keras_saliency.methods.shared.options import check_tolerance
from keras_saliency.methods.shared.path import Walk
from keras_saliency.methods.shared.quadrature import QUADRATURES, Quadrature, Refinement, stages

SMALLEST_CHANGE = 0.01


@dataclass(frozen=True, eq=False)
class IntegratedGradients(Method):
    """The share of each value in the change of the score from a baseline to the image.

    The image minus the baseline, times the mean gradient on the straight line between them (Sundararajan et al.
    2017, arXiv:1703.01365), in units of the score. What equals the baseline gets zero. The map sums to the change of
    the score up to the error of the integral: `diagnostics["completeness_delta"]` has, for each image, the sum minus
    the change. Other than in the paper, which takes right ends, the gradient is taken at the middles of the steps,
    whose error is several times smaller.

    Args:
        steps: how many gradients are taken on the line.
        baseline: a number; an array that broadcasts to one image, or to all; `"mean"`, each image's mean per channel;
            `"blur"`, each image blurred; `"min"` or `"max"`, each image's smallest or largest value; or a list of
            several, whose maps are averaged. In the units of the explained tensor.
        quadrature: where on the line: `"midpoint"`, `"trapezoid"` (both ends included) or `"gauss_legendre"`, which
            is made for smooth models.
        tolerance: begin with few steps and refine until |completeness_delta| is at most this fraction of the
            change of the score (or of 1 % of the range of all scores here, where that is more); `steps` is then
            the most. It watches the sum of a map, not each value. Not for Gauss-Legendre, whose points cannot be
            used again.
        sigma: of the blur, as a fraction of the image's longer side.
        name: of this variant.

    `diagnostics["evaluations"]` says how many gradients each image took. Costs `steps` forward and backward passes
    and 2 forward passes (3 behind integer inputs), and, but for the first, as often as there are baselines.
    Memory does not grow with the steps.

    Example:
        >>> explanation = ks.explain(model, images, ks.IntegratedGradients(steps=16, baseline="blur"))
        >>> explanation.maps.shape, len(explanation.diagnostics["completeness_delta"])
        ((12, 12, 12, 1), 12)
    """

    steps: int = 32
    baseline: Any = 0.0
    quadrature: Quadrature = "midpoint"
    tolerance: float | None = None
    sigma: float = 0.1
    name: str = "integrated_gradients"

    registered: ClassVar[str] = "integrated_gradients"
    cost: ClassVar[str] = "steps forward and backward passes, and 2 forward passes"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.quadrature not in QUADRATURES:
            raise ValueError(
                f"Expected quadrature to be one of {', '.join(map(repr, QUADRATURES))}. "
                f"Received: quadrature={self.quadrature!r}"
            )
        keep_whole(self, "steps", 2 if self.quadrature == "trapezoid" else 1)
        check_tolerance(self.tolerance)
        if self.tolerance is not None and self.quadrature == "gauss_legendre":
            raise ValueError(
                'A tolerance needs points that can be used again: quadrature="midpoint" or "trapezoid". '
                'Received: quadrature="gauss_legendre"'
            )
        if not is_real(self.sigma) or self.sigma <= 0:
            raise ValueError(f"Expected sigma to be a fraction above 0. Received: sigma={self.sigma!r}")
        several = isinstance(self.baseline, (list, tuple))
        if several and not self.baseline:
            raise ValueError("Expected at least one baseline. Received: baseline=[]")
        checked = tuple(map(as_baseline, self.baseline)) if several else as_baseline(self.baseline)
        object.__setattr__(self, "baseline", checked)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntegratedGradients) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Any, ...]:
        """The options, arrays among them as bytes."""
        baselines = tuple(map(baseline_key, self._baselines))
        several = isinstance(self.baseline, tuple)
        return (self.steps, several, baselines, self.quadrature, self.tolerance, self.sigma, self.name)

    @property
    def _baselines(self) -> tuple[Any, ...]:
        return self.baseline if isinstance(self.baseline, tuple) else (self.baseline,)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        walk = Walk(question, rng)
        integrals = (
            self._integral(walk, baseline_values(baseline, walk.ends, walk.channels, self.sigma))
            for baseline in self._baselines
        )
        mean = _Mean(integrals)
        diagnostics = {"completeness_delta": mean.delta.tolist(), "evaluations": mean.evaluations.tolist()}
        return walk.result(mean.maps, diagnostics)

    def _integral(self, walk: Walk, starts: Arrays) -> _Integral:
        """Along the straight lines from these starts."""
        start_scores = walk.scores_at(starts)
        change = walk.scores.astype("float64") - start_scores
        lowest = SMALLEST_CHANGE * np.ptp(np.concatenate([walk.scores, start_scores]))
        found, going = _Integral(walk, starts, change), np.arange(len(change))
        for stage in stages(self.quadrature, self.steps, refine=self.tolerance is not None):
            found.add(going, stage)
            if self.tolerance is not None:
                limit = self.tolerance * np.maximum(np.abs(change), lowest)
                going = going[np.abs(found.delta[going]) > limit[going]]
            if not going.size:
                break
        return found


class _Integral:
    """The maps of `n` images along one line each, the sum of each map minus the change of the score, and the
    number of gradients that it took."""

    def __init__(self, walk: Walk, starts: Arrays, change: np.ndarray) -> None:
        self._walk, self._starts, self._change = walk, starts, change
        self._sums = [np.zeros_like(end) for end in walk.ends]
        self.maps = [np.zeros(end.shape) for end in walk.ends]
        self.delta = -change
        self.evaluations = np.zeros(len(change), int)

    def add(self, rows: np.ndarray, stage: Refinement) -> None:
        """One more stage for the images in these rows."""
        at = places(rows, len(self._change))
        points = self._points(at, stage.positions)
        for weight, gradients in zip(stage.weights, self._walk.gradients(points, rows), strict=True):
            for total, gradient in zip(self._sums, gradients, strict=True):
                total[at] += np.float32(weight) * gradient
        self.evaluations[rows] += len(stage.positions)
        self.delta[rows] = -self._change[rows]
        for leaf, total, start, end in zip(self.maps, self._sums, self._starts, self._walk.ends, strict=True):
            leaf[rows] = (end[rows].astype("float64") - start[rows]) * total[rows] / stage.total
            self.delta[rows] += leaf[rows].reshape(len(rows), -1).sum(1)

    def _points(self, at: slice | np.ndarray, positions: np.ndarray) -> Iterator[Arrays]:
        """For each position from 0 (start) to 1 (image) the points of the images in these rows."""
        starts, ends = ([array[at] for array in arrays] for arrays in (self._starts, self._walk.ends))
        ways = [end - start for start, end in zip(starts, ends, strict=True)]
        for position in positions:
            yield [
                np.add(point := np.float32(position) * way, start, out=point)
                for start, way in zip(starts, ways, strict=True)
            ]


class _Mean:
    """The mean of several integrals, one after the other; the numbers of gradients are added up."""

    def __init__(self, integrals: Iterator[_Integral]) -> None:
        first = next(integrals)
        self.maps, self.delta, self.evaluations = first.maps, first.delta, first.evaluations
        for count, integral in enumerate(integrals, start=2):
            self.evaluations = self.evaluations + integral.evaluations
            self.delta = self.delta + (integral.delta - self.delta) / count
            pairs = zip(self.maps, integral.maps, strict=True)
            self.maps = [mean + (new - mean) / count for mean, new in pairs]
