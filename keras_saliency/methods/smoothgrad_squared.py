"""The mean squared map of noisy images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import optree

from keras_saliency.engine import ScoredModel
from keras_saliency.methods.averaging import settled
from keras_saliency.methods.base import Method, MethodResult, make_method
from keras_saliency.methods.noise import Moments, NoisyMaps, name_around
from keras_saliency.methods.options import check_noise, check_samples
from keras_saliency.targets import BoundTarget


@dataclass(frozen=True)
class SmoothGradSquared:
    """The mean of the squared maps over noisy copies of each image (Hooker et al. 2018, arXiv:1806.10758).

    It has no sign, and the unit of a squared map. The noise, its antithetic pairs, the target and the scores are as
    in `SmoothGrad`.

    Args:
        method: whose maps are squared, by its name or itself.
        samples: how many noisy copies, an even number.
        noise: the standard deviation as a fraction of the image's range.
        name: of this variant; empty: `smoothgrad_squared` and the wrapped method's name, where it is not the
            gradient.

    Costs `samples` × the wrapped method, and one forward pass (two behind integer inputs). Memory does not grow
    with the samples.
    """

    method: str | Method = "gradient"
    samples: int = 24
    noise: float = 0.15
    name: str = ""

    registered: ClassVar[str] = "smoothgrad_squared"
    cost: ClassVar[str] = "samples × the wrapped method, and 1 forward pass"
    has_sign: ClassVar[bool] = False
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_samples(self.samples)
        check_noise(self.noise)
        method = make_method(self.method)
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "name", self.name or name_around(self.registered, method))

    @property
    def uses_target(self) -> bool:
        """Whether the wrapped method does."""
        return make_method(self.method).uses_target

    def explain(
        self, model: ScoredModel, inputs: Any, target: BoundTarget, rng: np.random.Generator
    ) -> MethodResult:
        """See `Method`."""
        target, scores = settled(model, inputs, target)
        noisy = NoisyMaps(model, self.method, inputs, target, noise=self.noise, rng=rng)
        rows, found = np.arange(noisy.count), Moments(noisy.count)
        for maps in noisy.draw(rows, self.samples // 2):
            found.add(rows, optree.tree_map(lambda leaf: leaf.astype("float64") ** 2, maps))
        return MethodResult(found.mean, scores)
