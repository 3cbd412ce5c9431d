"""The mean squared map of noisy images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import optree
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.noisy_statistic import NoisyStatistic


@dataclass(frozen=True)
class SmoothGradSquared(NoisyStatistic):
    """The mean of the squared maps over noisy copies of each image (Hooker et al. 2018, arXiv:1806.10758).

    It has no sign, and the unit of a squared map. The noise, its blocks, the target and the scores are as in
    `SmoothGrad`.

    Args:
        method: whose maps are squared, by its name or itself.
        samples: how many noisy copies.
        noise: the standard deviation as a fraction of the image's range.
        name: of this variant; empty: `smoothgrad_squared` and the wrapped method's name, where it is not the
            gradient.

    Costs `samples` × the wrapped method, and one forward pass (two behind integer inputs). Memory does not grow
    with the samples.

    Example:
        >>> explanation = ks.explain(model, images, ks.SmoothGradSquared(samples=8))
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    registered: ClassVar[str] = "smoothgrad_squared"

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        means, variances = self._moments(question, rng)
        return MethodResult(optree.tree_map(lambda mean, variance: mean**2 + variance, means, variances))
