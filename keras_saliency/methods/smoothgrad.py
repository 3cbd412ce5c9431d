"""The mean map of noisy images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_whole
from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult, make_method
from keras_saliency.methods.shared.noise import BLOCK, Moments, NoisyMaps, name_around
from keras_saliency.methods.shared.options import check_noise, check_tolerance


@dataclass(frozen=True)
class SmoothGrad(Method):
    """The mean map over noisy copies of each image (Smilkov et al. 2017, arXiv:1706.03825).

    The sign is kept. The noise is Gaussian with standard deviation `noise` × the range of each image's own explained
    tensor. Other than in the paper each 8 copies are a Latin hypercube (McKay et al. 1979), which spreads the noise of
    every value evenly: the mean has the same limit, and comes closer to it with the same number of samples. All samples
    explain one score: the class predicted for the clean image, where the target is the predicted class. The scores are
    those of the clean images.

    Args:
        method: whose maps are averaged, by its name or itself.
        samples: how many noisy copies.
        noise: the standard deviation as a fraction of the image's range.
        tolerance: stop as soon as the standard error of an image's mean map, seen over the blocks of 8, is below this
            fraction of the map (both as Euclidean norms); `samples` is then the most.
        name: of this variant; empty: `smoothgrad` and the wrapped method's name, where it is not the gradient.

    `diagnostics["evaluations"]` says how many copies each image took. Costs `samples` × the wrapped method, and one
    forward pass (two behind integer inputs). Memory does not grow with the samples.

    Example:
        >>> explanation = ks.explain(model, images, ks.SmoothGrad("guided_backprop", samples=8))
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    method: str | Method = "gradient"
    samples: int = 24
    noise: float = 0.15
    tolerance: float | None = None
    name: str = ""

    registered: ClassVar[str] = "smoothgrad"
    cost: ClassVar[str] = "samples × the wrapped method, and 1 forward pass"
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "samples")
        check_noise(self.noise)
        check_tolerance(self.tolerance)
        method = make_method(self.method)
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "name", self.name or name_around(self.registered, method))

    @property
    def uses_target(self) -> bool:
        """Whether the wrapped method does."""
        return make_method(self.method).uses_target

    @property
    def has_sign(self) -> bool:
        """Whether the wrapped method has."""
        return make_method(self.method).has_sign

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        noisy = NoisyMaps(question.settled, self.method, noise=self.noise, rng=rng)
        if self.tolerance is None:
            mean = noisy.mean(np.arange(noisy.count), self.samples)
            evaluations = [self.samples] * noisy.count
        else:
            found = self._until(self.tolerance, noisy)
            mean, evaluations = found.mean, found.seen.tolist()
        return MethodResult(mean, {"evaluations": evaluations})

    def _until(self, tolerance: float, noisy: NoisyMaps) -> Moments:
        found, going, left = Moments(noisy.count), np.arange(noisy.count), self.samples
        while left and going.size:
            size = min(left, BLOCK)
            found.add(going, noisy.mean(going, size), size)
            going = going[found.relative_errors[going] > tolerance]
            left -= size
        return found
