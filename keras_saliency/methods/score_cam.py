"""Class activation maps whose weights are scores."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from scipy.special import softmax
from typing_extensions import override

from keras_saliency.arguments import keep_whole
from keras_saliency.engine import Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.layer_map import LayerMethod, as_map
from keras_saliency.methods.shared.perturbation import Perturbed
from keras_saliency.render.resize import bilinear


@dataclass(frozen=True)
class ScoreCAM(LayerMethod):
    """The channels of a layer, each weighted by the score of what it lets through, summed (Wang et al. 2020,
    arXiv:1910.01279).

    Each channel, enlarged to the image and scaled to 0 … 1, is a mask; the softmax over the channels of the masked
    images' scores is the weights, and what is negative in the weighted sum is set to zero, as in the paper's algorithm
    1. A channel that is constant over an image masks nothing and has no weight. Needs no gradient. Maps are
    `(n, height, width)`, resized from the layer to the image. Behind integer inputs the first floating tensor is
    masked. `diagnostics["layer"]` names the layer.

    Costs two forward passes, and one for every channel of the layer.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        channels: how many channels count, for each image those that vary most; None: all.
        name: empty: `score_cam`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.ScoreCAM("conv"))
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    channels: int | None = None
    name: str = ""

    registered: ClassVar[str] = "score_cam"
    cost: ClassVar[str] = "2 forward passes, and 1 for every channel"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "channels", optional=True)
        super().__post_init__()

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        examples = Perturbed(question)
        found = question.layer_output(self.layer, self.grid)
        channels = self._chosen(np.moveaxis(found.activations, -1, 1))
        weights = softmax(self._scores(examples, channels), axis=1)  # algorithm 1
        maps = np.maximum(np.einsum("nc,nchw->nhw", weights, channels), 0)
        return as_map(found, maps, examples.image)

    def _chosen(self, channels: np.ndarray) -> np.ndarray:
        """The channels `(n, c, h, w)` that count."""
        if self.channels is None or self.channels >= channels.shape[1]:
            return channels
        most = np.argsort(-channels.std((2, 3)), axis=1, kind="stable")[:, : self.channels]
        return np.take_along_axis(channels, most[:, :, None, None], axis=1)

    def _scores(self, examples: Perturbed, channels: np.ndarray) -> np.ndarray:
        """`(n, c)`: the scores of the images seen through each channel; minus infinity where it is constant."""
        image = examples.image
        scores = np.empty(channels.shape[:2])
        for places, rows in examples.batches(channels.shape[1]):
            large = bilinear(channels[rows, places], image.height, image.width)
            lowest = large.min((1, 2), keepdims=True)
            span = large.max((1, 2), keepdims=True) - lowest
            masks = (large - lowest) / np.where(span > 0, span, 1)
            found = examples.with_images(rows, examples.images[rows] * image.over_channels(masks))
            scores[rows, places] = np.where(span[:, 0, 0] > 0, found, -np.inf)
        scores[~np.isfinite(scores).any(axis=1)] = 0
        return scores
