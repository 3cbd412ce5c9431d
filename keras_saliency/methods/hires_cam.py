"""Class activation maps that show exactly the places that the score is made of."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import LayerGradients, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.layer_map import LayerMethod, layer_map


@dataclass(frozen=True)
class HiResCAM(LayerMethod):
    """A layer's activations, each times its gradient, summed over channels (Draelos and Carin 2020, arXiv:2011.08891).

    Grad-CAM takes the mean of a channel's gradients over its places; here every place keeps its own. Where all behind
    the layer is linear, the sum over its places is the score, but for the biases; where that is global average pooling
    and one dense layer, this is Grad-CAM.

    Maps are `(n, height, width)`, resized from the layer to the image, in units of score, with a sign.
    `diagnostics["layer"]` names the layer. Costs one forward and one backward pass.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        name: empty: `hires_cam`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.HiResCAM("conv"))
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    name: str = ""

    registered: ClassVar[str] = "hires_cam"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return layer_map(question, self.layer, self.grid, _map)


def _map(found: LayerGradients) -> np.ndarray:
    return np.asarray((found.gradients * found.activations).sum(-1))
