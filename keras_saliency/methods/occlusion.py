"""What the score loses when a part of the image is covered."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_whole
from keras_saliency.engine import ExplainedImage, Question
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.perturbation import Fill, Perturbed, check_fill

Square = tuple[slice, slice]


@dataclass(frozen=True)
class Occlusion(Method):
    """The drop of the score when a patch of the image is filled (Zeiler and Fergus 2013, arXiv:1311.2901).

    A pixel's value is the mean drop over the patches that cover it, positive where the image supports the score.
    Patches start every `stride` pixels; the last ones lie at the image's edge, so that every pixel is covered. The
    predicted class is that of the whole image. Maps are `(n, height, width)`, in units of score. Behind integer
    inputs the first floating tensor is filled. `diagnostics` name the patch and the stride. Costs one forward pass,
    and one for every patch.

    Attributes:
        patch: the side of the square patch in pixels; None: an eighth of the image's shorter side, 4 at least.
        stride: pixels from patch to patch, at most `patch`; None: half the patch.
        fill: what a patch is filled with, in units of the explained tensor; `"mean"`: each channel's mean in the
            image.
        name: of this variant.

    Example:
        >>> explanation = ks.explain(model, images, ks.Occlusion(patch=4, stride=4))
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    patch: int | None = None
    stride: int | None = None
    fill: Fill = 0.0
    name: str = "occlusion"

    registered: ClassVar[str] = "occlusion"
    cost: ClassVar[str] = "1 forward pass, and 1 for every patch"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "patch", optional=True)
        keep_whole(self, "stride", optional=True)
        if self.patch is not None and self.stride is not None and self.stride > self.patch:
            raise ValueError(
                "Expected a stride of at most the patch, so that every pixel is covered. Received: "
                f"patch={self.patch}, stride={self.stride}"
            )
        check_fill(self.fill)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        examples = Perturbed(question)
        image = examples.image
        patch, stride = self._sizes(image)
        squares = _squares(image, patch, stride)
        filled = examples.filled(self.fill)
        drops = np.zeros((len(filled), image.height, image.width))
        for changes, rows in examples.batches(len(squares)):
            images = examples.images[rows]
            for picture, row, change in zip(images, rows, changes, strict=True):
                place = _in_picture(squares[change], image)
                picture[place] = filled[row][place]
            lost = examples.scores[rows] - examples.with_images(rows, images)
            for row, change, drop in zip(rows, changes, lost, strict=True):
                drops[row][squares[change]] += drop
        maps = drops / _cover(squares, image)
        return MethodResult(maps.astype("float32"), {"patch": patch, "stride": stride})

    def _sizes(self, image: ExplainedImage) -> tuple[int, int]:
        """The sides of the patch, and the stride."""
        side = min(image.height, image.width)
        patch = self.patch or max(side // 8, min(side, 4), self.stride or 1)
        if patch > side:
            raise MethodDoesNotApplyError(
                f"The patch of {patch} × {patch} pixels is larger than the image of {image.height} × {image.width}."
            )
        return patch, self.stride or max(1, patch // 2)


def _squares(image: ExplainedImage, patch: int, stride: int) -> list[Square]:
    """The places of all patches."""
    return [
        (slice(top, top + patch), slice(left, left + patch))
        for top in _starts(image.height, patch, stride)
        for left in _starts(image.width, patch, stride)
    ]


def _starts(side: int, patch: int, stride: int) -> list[int]:
    """Where patches start along one side, the last at the edge."""
    return sorted({*range(0, side - patch, stride), side - patch})


def _cover(squares: list[Square], image: ExplainedImage) -> np.ndarray:
    """How many patches cover each pixel, at least one."""
    cover = np.zeros((image.height, image.width))
    for square in squares:
        cover[square] += 1
    return cover


def _in_picture(square: Square, image: ExplainedImage) -> tuple[slice, ...]:
    """The index of a square in one picture with its channels."""
    return (slice(None), *square) if image.channel_axis == 1 else square
