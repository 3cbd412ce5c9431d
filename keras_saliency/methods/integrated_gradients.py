"""The gradient integrated along the path from a baseline to the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import is_real, keep_real, keep_whole, whole
from keras_saliency.engine import Points, Question
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.averaging import Arrays, moved, shifts
from keras_saliency.methods.shared.baselines import as_baseline, baseline_key, baseline_values
from keras_saliency.methods.shared.line import Walked, walk_lines
from keras_saliency.methods.shared.path import Walk
from keras_saliency.methods.shared.quadrature import FEWEST, QUADRATURES, Quadrature, points_and_weights
from keras_saliency.metrics.completeness import ENOUGH

MOST = 256


@dataclass(frozen=True, eq=False)
class IntegratedGradients(Method):
    """The share of each value in the change of the score from a baseline to the image.

    The image minus the baseline, times the mean gradient on the straight line between them (Sundararajan et al.
    2017, arXiv:1703.01365), in units of the score. What equals the baseline gets zero. The map sums to the change of
    the score, as far as the integral is right.

    By default each image takes as many gradients as that needs: it begins with nine, and halves the intervals in which
    most is missed (with each gradient comes the score, so this is known), and the longest, until the map misses at most
    `tolerance` of the change. An image that does not come so far gets a warning. The change counts as at least 0.1 % of
    the sum of the map's absolute values, and 0.01 % of the score. Maps do not depend on the images beside them.

    `diagnostics` has for each image `"completeness_delta"`, the sum of its map minus the change of the score,
    `"completeness_error"`, which share of the change that is, and `"evaluations"`, how many gradients it took.

    Args:
        steps: how many gradients are taken on the line; `"auto"`: as many as are needed.
        baseline: a number; an array that broadcasts to one image, or to all; `"mean"`, each image's mean per channel;
            `"blur"`, each image blurred; `"min"` or `"max"`, each image's smallest or largest value; or a list of
            several, whose maps are averaged. In the units of the explained tensor.
        tolerance: of `steps="auto"`, the share of the change that a map may miss. It is the sum of a map that is
            watched, not each value. With a number of steps, images that miss more than 5 % are warned of.
        max_steps: of `steps="auto"`, the most gradients that an image takes.
        quadrature: where on the line a number of steps lie: `"midpoint"`, the middles of equal intervals (`"auto"`),
            `"trapezoid"` (both ends included) or `"gauss_legendre"`, which is made for smooth models. The paper takes
            right ends, whose error is several times larger.
        sigma: of the blur, as a fraction of the image's longer side.
        name: of this variant.

    Costs a forward and a backward pass for each gradient, and 1 forward pass (2 where there is a number of steps, one
    more behind integer inputs), and, but for the first, as often as there are baselines. With a number of steps memory
    does not grow with them; else the gradients of an image are kept until it is done, of all images at most 512 MiB,
    or those of one image.

    Example:
        >>> explanation = ks.explain(model, images, ks.IntegratedGradients(baseline="blur"))
        >>> max(explanation.diagnostics["completeness_error"]) <= 0.02
        True
        >>> explanation.maps.shape, len(explanation.diagnostics["evaluations"])
        ((12, 12, 12, 1), 12)
    """

    steps: int | Literal["auto"] = "auto"
    baseline: Any = 0.0
    quadrature: Quadrature | Literal["auto"] = "auto"
    tolerance: float = 0.02
    max_steps: int = MOST
    sigma: float = 0.1
    name: str = "integrated_gradients"

    registered: ClassVar[str] = "integrated_gradients"
    cost: ClassVar[str] = (
        "9 to max_steps forward and backward passes, as many as an image needs, and 1 forward pass"
    )
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._check_rule()
        keep_real(self, "tolerance", above=0)
        keep_whole(self, "max_steps", FEWEST)
        if not is_real(self.sigma) or self.sigma <= 0:
            raise ValueError(f"Expected sigma to be a fraction above 0. Received: sigma={self.sigma!r}")
        several = isinstance(self.baseline, (list, tuple))
        if several and not self.baseline:
            raise ValueError("Expected at least one baseline. Received: baseline=[]")
        checked = tuple(map(as_baseline, self.baseline)) if several else as_baseline(self.baseline)
        object.__setattr__(self, "baseline", checked)

    def _check_rule(self) -> None:
        if self.quadrature not in ("auto", *QUADRATURES):
            raise ValueError(
                f"Expected quadrature to be 'auto' or one of {', '.join(map(repr, QUADRATURES))}. "
                f"Received: quadrature={self.quadrature!r}"
            )
        if self.steps != "auto":
            least = 2 if self.quadrature == "trapezoid" else 1
            object.__setattr__(self, "steps", whole("steps", self.steps, least, otherwise='"auto"'))
        elif self.quadrature != "auto":
            raise ValueError(
                'steps="auto" finds its points by itself: give a number of steps for a quadrature. '
                f"Received: quadrature={self.quadrature!r}"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntegratedGradients) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Any, ...]:
        """The options, arrays among them as bytes."""
        baselines = tuple(map(baseline_key, self._baselines))
        several = isinstance(self.baseline, tuple)
        rule = (self.steps, self.quadrature, self.tolerance, self.max_steps)
        return (*rule, several, baselines, self.sigma, self.name)

    @property
    def _baselines(self) -> tuple[Any, ...]:
        return self.baseline if isinstance(self.baseline, tuple) else (self.baseline,)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        walk = Walk(question, rng)
        mean = _mean(
            self._walked(walk, baseline_values(baseline, walk.ends, walk.channels, self.sigma))
            for baseline in self._baselines
        )
        tolerance = self.tolerance if self.steps == "auto" else ENOUGH
        return walk.result(mean.maps, mean.changes, mean.evaluations, tolerance=tolerance)

    def _walked(self, walk: Walk, starts: Arrays) -> Walked:
        """The integrals along the straight lines from these starts."""
        if self.steps == "auto":
            return walk_lines(walk, starts, tolerance=self.tolerance, most=self.max_steps)
        rule: Quadrature = "midpoint" if self.quadrature == "auto" else self.quadrature
        ways = [end - start for start, end in zip(starts, walk.ends, strict=True)]
        places, weights = points_and_weights(rule, self.steps)
        points = Points(moved, (starts, ways), lambda: (shifts(place, ways) for place in places), weights)
        maps = [mean * way for mean, way in zip(walk.averages(points).means, ways, strict=True)]
        return Walked(maps, (walk.scores - walk.scores_at(starts))[None], self.steps)


def _mean(walked: Iterator[Walked]) -> Walked:
    """The mean of several, one after the other; the numbers of gradients are added up."""
    mean = next(walked)
    for count, other in enumerate(walked, start=2):
        pairs = zip(mean.maps, other.maps, strict=True)
        mean = Walked(
            [before + (new - before) / count for before, new in pairs],
            np.concatenate([mean.changes, other.changes]),
            mean.evaluations + other.evaluations,
        )
    return mean
