"""The deconvolutional network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.shared.rectified import rectified_gradient


@dataclass(frozen=True)
class DeconvNet(Method):
    """The gradient that passes a ReLU where it is positive, whatever the ReLU's input was.

    From Zeiler and Fergus 2013 (arXiv:1311.2901), for the score of a class instead of one unit. Max pooling keeps
    its own gradient, which is their "switches". Applies to ReLU and ReLU6; leaky rectifiers keep their gradient.
    Rectifiers that it cannot change are warned of. `diagnostics["rectifiers"]` says how many it changed; a model
    without any is an error. Costs one forward and one backward pass.

    Example:
        >>> explanation = ks.explain(model, images, ks.DeconvNet())
        >>> explanation.maps.shape
        (12, 12, 12, 1)
        >>> explanation.diagnostics["rectifiers"]
        1
    """

    name: str = "deconvnet"

    registered: ClassVar[str] = "deconvnet"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return rectified_gradient(question, "deconvnet")
