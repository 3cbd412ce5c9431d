"""Class activation maps with a weight for every position."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import LayerGradients, Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.layer_map import LayerMethod, layer_map


@dataclass(frozen=True)
class LayerCAM(LayerMethod):
    """The activations of a layer, each times its positive gradient, summed over channels, the positive part.

    From Jiang et al. 2021 (IEEE Transactions on Image Processing 30). As every position has its own weight, early
    layers give fine maps too. Several layers are not fused, as the paper also shows. Maps are `(n, height, width)`,
    resized from the layer to the image, in units of score. `diagnostics["layer"]` names the layer. Costs one forward
    and one backward pass.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        name: empty: `layer_cam`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.LayerCAM("conv"))
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    name: str = ""

    registered: ClassVar[str] = "layer_cam"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return layer_map(question, self.layer, self.grid, _map)


def _map(found: LayerGradients) -> np.ndarray:
    maps = (np.maximum(found.gradients, 0) * found.activations).sum(-1)
    return np.asarray(np.maximum(maps, 0))
