"""The gradient times the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import optree
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult


@dataclass(frozen=True)
class InputXGradient(Method):
    """The gradient times the input, value by value (Shrikumar et al. 2016, arXiv:1605.01713).

    The contribution of each value to the score of a linear model. It is zero wherever the input is: shift the
    inputs, and the map changes though the model's answer need not. Costs one forward and one backward pass.

    Example:
        >>> explanation = ks.explain(model, images, ks.InputXGradient())
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    name: str = "input_x_gradient"

    registered: ClassVar[str] = "input_x_gradient"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        gradients = optree.tree_leaves(question.gradients().maps)
        products = [g * x for g, x in zip(gradients, question.values, strict=True)]
        return MethodResult(question.as_inputs(products))
