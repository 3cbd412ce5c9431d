"""The score of images seen through random masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import is_real, keep_whole
from keras_saliency.engine import ExplainedImage, Question
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.perturbation import Fill, Perturbed, check_fill
from keras_saliency.methods.shared.stratified import latin_hypercube
from keras_saliency.render.resize import bilinear

MASKS_AT_A_TIME = 64


@dataclass(frozen=True)
class RISE(Method):
    """How much more the score is where a pixel is seen, over random masks (Petsiuk et al. 2018, arXiv:1806.07421).

    A mask is a coarse grid of cells, each seen with `probability`, enlarged bilinearly and shifted at random. A pixel's
    value is the mean score weighted by how much of it the masks show, minus the plain mean: positive where the image
    supports the score, in units of score. The paper leaves the mean in, as it explains probabilities; a constant in the
    score would then be noise in the map. Every 64 masks are a Latin hypercube, the same for all images; the predicted
    class is that of the whole image. Maps are `(n, height, width)`. Behind integer inputs the first floating tensor is
    masked. Costs `samples` forward passes, and 1 more; the error falls with the root of the samples, and the paper
    takes 4000 and more for images of 224 pixels.

    Attributes:
        samples: how many masks.
        cells: of the grid along each side of the image.
        probability: that a cell is seen.
        fill: what is seen where a mask covers, in units of the explained tensor; `"mean"`: each channel's mean in the
            image.
        name: of this variant.

    Example:
        >>> explanation = ks.explain(model, images, ks.RISE(samples=64))
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    samples: int = 1000
    cells: int = 7
    probability: float = 0.5
    fill: Fill = 0.0
    name: str = "rise"

    registered: ClassVar[str] = "rise"
    cost: ClassVar[str] = "samples forward passes, and 1 forward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "samples")
        keep_whole(self, "cells")
        if not is_real(self.probability) or not 0 < self.probability < 1:
            raise ValueError(
                f"Expected probability to be between 0 and 1. Received: probability={self.probability!r}"
            )
        check_fill(self.fill)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        examples = Perturbed(question)
        image, filled = examples.image, examples.filled(self.fill)
        weighted = np.zeros((len(filled), image.height, image.width))
        totals, seen = np.zeros(len(filled)), np.zeros((image.height, image.width))
        for masks in self._masks(image, rng):
            scores = np.empty((len(masks), len(filled)))
            for changes, rows in examples.batches(len(masks)):
                shown = image.over_channels(masks[changes])
                images = filled[rows] + shown * (examples.images[rows] - filled[rows])
                scores[changes, rows] = examples.with_images(rows, images)
            scores -= examples.scores  # keeps the digits: only differences matter
            weighted += np.tensordot(scores, masks, (0, 0))
            totals += scores.sum(0)
            seen += masks.sum(0, dtype="float64")
        maps = weighted / seen - (totals / self.samples)[:, None, None]
        return MethodResult(maps.astype("float32"))

    def _masks(self, image: ExplainedImage, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """The masks, `(m, height, width)` float32 in 0 … 1, some at a time."""
        for start in range(0, self.samples, MASKS_AT_A_TIME):
            count = min(MASKS_AT_A_TIME, self.samples - start)
            seen = latin_hypercube(count, (self.cells + 1, self.cells + 1), rng) < self.probability
            yield _enlarged(seen, latin_hypercube(count, (2,), rng), image)


def _enlarged(grids: np.ndarray, shifts: np.ndarray, image: ExplainedImage) -> np.ndarray:
    """Grids of one cell more than the image has along each side, enlarged, and cut out where the shifts say."""
    cells = grids.shape[1] - 1
    height, width = -(-image.height // cells), -(-image.width // cells)
    large = bilinear(grids.astype("float32"), (cells + 1) * height, (cells + 1) * width)
    tops, lefts = (shifts * [height, width]).astype(int).T
    return np.stack(
        [
            mask[top : top + image.height, left : left + image.width]
            for mask, top, left in zip(large, tops, lefts, strict=True)
        ]
    )
