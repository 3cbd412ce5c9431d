"""The variance of the maps of noisy images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.noisy_statistic import NoisyStatistic


@dataclass(frozen=True)
class VarGrad(NoisyStatistic):
    """The variance of the maps over noisy copies of each image (Adebayo et al. 2018, arXiv:1810.03292).

    Value by value, the mean squared distance from the mean of the same copies. It has no sign, and the unit of a
    squared map; it is zero where the model is linear. The noise, its blocks, the target and the scores are as in
    `SmoothGrad`.

    Args:
        method: whose maps vary, by its name or itself.
        samples: how many noisy copies.
        noise: the standard deviation as a fraction of the image's range.
        name: of this variant; empty: `vargrad` and the wrapped method's name, where it is not the gradient.

    Costs `samples` × the wrapped method, and one forward pass (two behind integer inputs). Memory does not grow
    with the samples.

    Example:
        >>> explanation = ks.explain(model, images, ks.VarGrad(samples=8))
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    registered: ClassVar[str] = "vargrad"

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return MethodResult(self._moments(question, rng)[1])
