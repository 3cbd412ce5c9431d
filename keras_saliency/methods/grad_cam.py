"""Gradient-weighted class activation maps."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import LayerGradients, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.layer_map import LayerMethod, layer_map


@dataclass(frozen=True)
class GradCAM(LayerMethod):
    """The channels of a layer, each weighted by its mean gradient, summed (Selvaraju et al. 2016, arXiv:1610.02391).

    Maps are `(n, height, width)`, resized from the layer to the image, and in units of score: an activation times
    a gradient. They show which positions of the layer raise the score. `diagnostics["layer"]` names the layer.
    Costs one forward and one backward pass.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        relu: whether what lowers the score is set to zero, as in the paper; otherwise the map has a sign.
        name: empty: `grad_cam`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.GradCAM("conv"))
        >>> explanation.maps.shape
        (12, 12, 12)
        >>> explanation.diagnostics["layer"]
        'conv'
    """

    _: KW_ONLY
    relu: bool = True
    name: str = ""

    registered: ClassVar[str] = "grad_cam"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not isinstance(self.relu, bool):
            raise TypeError(f"Expected relu to be True or False. Received: relu={self.relu!r}")
        super().__post_init__()
        object.__setattr__(self, "has_sign", not self.relu)

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return layer_map(question, self.layer, self.grid, self._map)

    def _map(self, found: LayerGradients) -> np.ndarray:
        weights = found.gradients.mean((1, 2), keepdims=True)  # eq. 1
        maps = (weights * found.activations).sum(-1)  # eq. 2
        return np.asarray(np.maximum(maps, 0) if self.relu else maps)
