"""Guided backpropagation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.rectified import rectified_gradient


@dataclass(frozen=True)
class GuidedBackprop(Method):
    """The gradient that only passes a ReLU where it and the ReLU's input are positive.

    From Springenberg et al. 2014 (arXiv:1412.6806). It draws sharp pictures and depends little on the class and on
    the upper layers (Adebayo et al. 2018, arXiv:1810.03292): look at it, do not judge by it. Applies to ReLU and
    ReLU6, the latter shut where it is saturated; leaky rectifiers keep their gradient. Rectifiers that it cannot
    change are warned of. `diagnostics["rectifiers"]` says how many it changed; a model without any is an error.
    Costs one forward and one backward pass.

    Example:
        >>> explanation = ks.explain(model, images, ks.GuidedBackprop())
        >>> explanation.maps.shape
        (12, 12, 12, 1)
        >>> explanation.diagnostics["rectifiers"]
        1
    """

    name: str = "guided_backprop"

    registered: ClassVar[str] = "guided_backprop"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return rectified_gradient(question, "guided")
