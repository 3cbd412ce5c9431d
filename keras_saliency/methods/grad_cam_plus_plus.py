"""Class activation maps whose weights favour no large region over a small one."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import LayerGradients, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.layer_map import LayerMethod, layer_map


@dataclass(frozen=True)
class GradCAMPlusPlus(LayerMethod):
    """The channels of a layer, weighted by their positive gradients (Chattopadhyay et al. 2017, arXiv:1710.11063).

    The paper's α = g² / (2 g² + Σ A · g³), with g the gradient of the score and Σ A the sum of the channel's
    activations, weighs the positions of a channel; the channel's weight is Σ α · max(g, 0), the map the positive
    part of the weighted sum. α holds for the exponential of the score, as the paper suggests; there it is computed
    as 1 / (2 + Σ A · g), which is the same and does not underflow. Where that denominator is zero, α is zero.
    The factor exp(score), common to a whole map, is left out: it would overflow and changes no map's shape. Nothing
    normalizes α further.

    Maps are `(n, height, width)`, resized from the layer to the image. `diagnostics["layer"]` names the layer. Costs
    one forward and one backward pass.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        name: empty: `grad_cam_plus_plus`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.GradCAMPlusPlus())
        >>> explanation.maps.shape
        (12, 12, 12)
        >>> explanation.diagnostics["layer"]
        'conv'
    """

    _: KW_ONLY
    name: str = ""

    registered: ClassVar[str] = "grad_cam_plus_plus"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return layer_map(question, self.layer, self.grid, _map)


def _map(found: LayerGradients) -> np.ndarray:
    gradients, activations = found.gradients, found.activations
    denominator = 2 + activations.sum((1, 2), keepdims=True) * gradients
    alpha = np.divide(1, denominator, out=np.zeros_like(denominator), where=denominator != 0)
    weights = (alpha * np.maximum(gradients, 0)).sum((1, 2), keepdims=True)
    return np.asarray(np.maximum((weights * activations).sum(-1), 0))
