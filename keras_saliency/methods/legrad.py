"""What would change the score if attention changed."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Attention, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.attention_map import AllAttention, attention_map


@dataclass(frozen=True)
class LeGrad(AllAttention):
    """How much more attention to each token would raise the score (Bousselham et al. 2024, arXiv:2404.03214).

    The positive part of the gradient for the weights of attention, averaged over heads, over the tokens that look, and
    over layers. For every layer the gradient is that of the model's own score; the paper takes, for each layer, the
    score that the model's head gives to the tokens behind that layer, which needs a head that can be called alone.
    Nothing is scaled to 0 … 1, as the paper does at the end.

    Maps are `(n, height, width)`, resized from the grid of the tokens to the image. `diagnostics` name the layers, the
    grid, and the tokens that are read. Costs one forward and one backward pass.

    Attributes:
        grid: rows and columns of the tokens; `"auto"` finds them.

    Example:
        >>> explanation = ks.explain(transformer, images, ks.LeGrad())
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    name: str = "legrad"

    registered: ClassVar[str] = "legrad"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return attention_map(question, self.grid, _mean, gradients=True)


def _mean(found: Attention) -> np.ndarray:
    layers = [np.maximum(gradients, 0).mean((1, 2)) for gradients in found.gradients]
    return np.asarray(np.mean(layers, axis=0))
