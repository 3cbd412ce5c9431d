"""What attention itself shows."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import whole
from keras_saliency.engine import Attention, Question
from keras_saliency.engine.token_grid import asked_grid
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.attention_map import attention_map, rows_read
from keras_saliency.methods.shared.layer_map import AUTO, name_with_layer

MEAN = "mean"


@dataclass(frozen=True)
class AttentionMap(Method):
    """How much the tokens that the score reads take of each token of the image, in one layer of attention.

    These are the weights of the class token's row, or the mean over the rows of the tokens that are pooled, for one
    head or as the mean over heads; the same for every target. They show where the layer looks, not what the score
    depends on: values may be small where weights are large, and other layers mix tokens before. Maps are
    `(n, height, width)`, resized from the grid of the tokens to the image. `diagnostics` name the layer, the grid, and
    the tokens that are read. Costs one forward pass.

    Attributes:
        layer: the name, the dotted path, or the layer; `"auto"`: the last one, see `Question.attention`.
        head: `"mean"`, or the number of a head, from 0.
        grid: rows and columns of the tokens; `"auto"` finds them.
        name: empty: `attention_map`, and the layer and the head where they are given.

    Example:
        >>> explanation = ks.explain(transformer, images, ks.AttentionMap(head=1))
        >>> explanation.maps.shape
        (12, 12, 12)
        >>> explanation.diagnostics["tokens_read"]
        '0 of 10'
    """

    layer: Any = AUTO
    head: Any = MEAN
    _: KW_ONLY
    grid: Any = AUTO
    name: str = ""

    registered: ClassVar[str] = "attention_map"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = False
    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        asked_grid(self.grid)
        head = ""
        if not (isinstance(self.head, str) and self.head == MEAN):
            object.__setattr__(self, "head", whole("head", self.head, 0, otherwise='"mean"'))
            head = f"_head_{self.head}"
        name = self.name or name_with_layer(self.registered, self.layer) + head
        object.__setattr__(self, "name", name)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return attention_map(question, self.grid, self._row, layer=self.layer)

    def _row(self, found: Attention) -> np.ndarray:
        (weights,) = found.weights
        if self.head == MEAN:
            return np.asarray(rows_read(found) @ weights.mean(1))
        if self.head >= weights.shape[1]:
            raise ValueError(
                f"Expected head to be one of the {weights.shape[1]} of layer {found.layers[0]!r}, from 0. "
                f"Received: head={self.head}"
            )
        return np.asarray(rows_read(found) @ weights[:, self.head])
