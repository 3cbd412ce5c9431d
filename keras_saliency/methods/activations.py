"""How active a layer is, position by position."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.shared.layer_map import LayerMethod, as_map


@dataclass(frozen=True)
class Activations(LayerMethod):
    """The mean absolute activation of a layer over its channels, the same for every target.

    It shows what the layer answers to, not what the score depends on (attention maps of Zagoruyko and Komodakis
    2016, arXiv:1612.03928, with the mean for the sum). Maps are `(n, height, width)`, resized from the layer to the
    image. `diagnostics["layer"]` names the layer. Costs one forward pass.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        name: empty: `activations`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.Activations("conv"))
        >>> explanation.maps.shape
        (12, 12, 12)
    """

    _: KW_ONLY
    name: str = ""

    registered: ClassVar[str] = "activations"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        image, found = question.image, question.layer_output(self.layer, self.grid)
        return as_map(found, np.abs(found.activations).mean(-1), image)
