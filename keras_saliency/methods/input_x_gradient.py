"""The gradient times the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import optree

from keras_saliency.engine import ScoredModel
from keras_saliency.methods.base import MethodResult
from keras_saliency.probes.targets import BoundTarget


@dataclass(frozen=True)
class InputXGradient:
    """The gradient times the input, value by value (Shrikumar et al. 2016, arXiv:1605.01713).

    The contribution of each value to the score of a linear model. It is zero wherever the input is: shift the
    inputs, and the map changes though the model's answer need not. Costs one forward and one backward pass, and a
    forward pass more behind integer inputs.
    """

    name: str = "input_x_gradient"

    registered: ClassVar[str] = "input_x_gradient"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def explain(
        self, model: ScoredModel, inputs: Any, target: BoundTarget, rng: np.random.Generator
    ) -> MethodResult:
        """See `Method`."""
        gradients = model.gradients(inputs, target)
        leaves = optree.tree_leaves(gradients.maps)
        products = [g * x for g, x in zip(leaves, model.explained(inputs, target), strict=True)]
        return MethodResult(model.as_inputs(inputs, target, products), gradients.scores)
