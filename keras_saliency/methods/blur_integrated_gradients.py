"""The gradient integrated along the path from a blurred image to the sharp one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from scipy.fft import dctn, idctn
from typing_extensions import override

from keras_saliency.arguments import is_real, keep_whole
from keras_saliency.engine import Question
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.averaging import Arrays
from keras_saliency.methods.shared.path import PathStep, Walk


@dataclass(frozen=True)
class BlurIntegratedGradients(Method):
    """Each value's share in the change of the score as the image comes into focus (Xu et al. 2020, arXiv:2004.03383).

    The gradient is integrated over the scale space of the image, from a Gaussian blur of `sigma` to none, in units of
    the score; there is no baseline to choose. `diagnostics["completeness_delta"]` has, for each image, the sum of its
    map minus the change of the score, and `"completeness_error"` which share of that change it is; images that miss
    more than 5 % are warned of: take more steps. Other than in the paper, each step multiplies the gradient at its
    middle with the exact change of the image over the step, and steps are finer where the blur is small, as the image
    changes most there. The blur reflects the image at its borders. Behind integer inputs the first floating tensor is
    blurred; explained tensors that are not images stay as they are, and their maps are zero.

    Costs `steps` forward and backward passes, and 2 forward passes.

    Attributes:
        steps: how many gradients are taken.
        sigma: the standard deviation of the strongest blur, as a fraction of the image's longer side.
        name: of this variant.

    Example:
        >>> explanation = ks.explain(model, images, ks.BlurIntegratedGradients(steps=16))
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    _: KW_ONLY
    steps: int = 32
    sigma: float = 0.2
    name: str = "blur_integrated_gradients"

    registered: ClassVar[str] = "blur_integrated_gradients"
    cost: ClassVar[str] = "steps forward and backward passes, and 2 forward passes"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "steps")
        if not is_real(self.sigma) or self.sigma <= 0:
            raise ValueError(f"Expected sigma to be a fraction above 0. Received: sigma={self.sigma!r}")

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        walk = Walk(question, rng)
        if all(axis is None for axis in walk.channels):
            raise MethodDoesNotApplyError(
                "Blurring is for images. Received: values of shape "
                f"{', '.join(str(value.shape) for value in walk.ends)}"
            )
        spaces = [
            _ScaleSpace(value, axis, self.sigma) for value, axis in zip(walk.ends, walk.channels, strict=True)
        ]
        sums = walk.integral(self._steps(spaces))
        change = walk.scores - walk.scores_at([space.at(1.0) for space in spaces])
        return walk.result(sums, change, self.steps)

    def _steps(self, spaces: list[_ScaleSpace]) -> Iterator[PathStep]:
        edges = np.linspace(1.0, 0.0, self.steps + 1) ** 2
        before: Arrays = [space.at(edges[0]) for space in spaces]
        for start, end in pairwise(edges):
            after = [space.at(end) for space in spaces]
            middle = [space.at((start + end) / 2) for space in spaces]
            yield middle, [late - early for late, early in zip(after, before, strict=True)]
            before = after


class _ScaleSpace:
    """Images `(n, …)` under Gaussian blurs of every width; what is no image stays as it is.

    A blur that reflects at the borders is diagonal in the cosine transform, whatever its width.
    """

    def __init__(self, images: np.ndarray, channel_axis: int | None, sigma: float) -> None:
        self._images = images
        self._axes: tuple[int, ...] = ()
        if channel_axis is None:
            return
        skipped = {0, channel_axis % images.ndim} if images.ndim > 3 else {0}
        self._axes = tuple(axis for axis in range(images.ndim) if axis not in skipped)
        width = sigma * max(images.shape[axis] for axis in self._axes)
        self._waves = dctn(images, axes=self._axes, norm="ortho")
        squares = np.zeros([1] * images.ndim)
        for axis in self._axes:
            shape = [-1 if other == axis else 1 for other in range(images.ndim)]
            squares = (
                squares + (np.pi * np.arange(images.shape[axis]) / images.shape[axis]).reshape(shape) ** 2
            )
        self._damping = -0.5 * width**2 * squares

    def at(self, fraction: float) -> np.ndarray:
        """The images blurred by this fraction of the strongest blur's standard deviation, float32."""
        if fraction == 0 or not self._axes:
            return self._images
        damped = self._waves * np.exp(fraction**2 * self._damping).astype("float32")
        return np.asarray(idctn(damped, axes=self._axes, norm="ortho"))
