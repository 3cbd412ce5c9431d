"""Attention, followed from the output through all layers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Attention, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.attention_map import AllAttention, attention_map, rows_read


@dataclass(frozen=True)
class AttentionRollout(AllAttention):
    """The attention of all layers, multiplied (Abnar and Zuidema 2020, arXiv:2005.00928).

    Each layer counts as 0.5 · A + 0.5 · I, with A the mean of its heads' weights and I for the path around it (the
    paper's equation 1). The map is the product's row of the class token, or the mean over the rows of the tokens that
    are pooled. It is the same for every target, and knows of no values, no sizes of the paths and no other layers.

    Maps are `(n, height, width)`, resized from the grid of the tokens to the image. `diagnostics` name the layers, the
    grid, and the tokens that are read. Costs one forward pass.

    Attributes:
        grid: rows and columns of the tokens; `"auto"` finds them.

    Example:
        >>> explanation = ks.explain(transformer, images, ks.AttentionRollout())
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    name: str = "attention_rollout"

    registered: ClassVar[str] = "attention_rollout"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return attention_map(question, self.grid, _row)


def _row(found: Attention) -> np.ndarray:
    row = np.broadcast_to(rows_read(found), found.weights[0].shape[::3])
    for weights in reversed(found.weights):
        row = (
            0.5 * np.einsum("nq,nqk->nk", row, weights.mean(1)) + 0.5 * row
        )  # eq. 1, for one row of the product
    return row
