"""Attention weighted by the gradient, followed through all layers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Attention, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.attention_map import AllAttention, attention_map, rows_read


@dataclass(frozen=True)
class TransformerAttribution(AllAttention):
    """What attention speaks for the score, followed through all layers (Chefer et al. 2021, arXiv:2103.15679).

    This is the later of Chefer's two methods, "Generic Attention-model Explainability", for self-attention: with Ā the
    mean over heads of the positive part of weight × gradient (its equation 5), R begins as the identity and becomes
    R + Ā · R layer by layer (its equation 6). It is not the earlier one (arXiv:2012.09838), which puts relevance
    propagated through every layer in the place of the weights. The map is R's row of the class token, or the mean over
    the rows of the tokens that are pooled, without the identity that R began as, which is the same everywhere.

    Maps are `(n, height, width)`, resized from the grid of the tokens to the image. `diagnostics` name the layers, the
    grid, and the tokens that are read. Costs one forward and one backward pass.

    Attributes:
        grid: rows and columns of the tokens; `"auto"` finds them.

    Example:
        >>> explanation = ks.explain(transformer, images, ks.TransformerAttribution())
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    name: str = "transformer_attribution"

    registered: ClassVar[str] = "transformer_attribution"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return attention_map(question, self.grid, _row, gradients=True)


def _row(found: Attention) -> np.ndarray:
    start = np.broadcast_to(rows_read(found), found.weights[0].shape[::3])
    row = start
    for weights, gradients in zip(reversed(found.weights), reversed(found.gradients), strict=True):
        speaking = np.maximum(weights * gradients, 0).mean(1)  # eq. 5
        row = row + np.einsum("nq,nqk->nk", row, speaking)  # eq. 6, for one row of R
    return np.asarray(row - start)
