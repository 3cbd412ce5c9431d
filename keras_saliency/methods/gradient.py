"""The plain gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import Method, MethodResult


@dataclass(frozen=True)
class Gradient(Method):
    """The gradient of the score with respect to the image (Simonyan et al. 2013, arXiv:1312.6034).

    Where the map is positive, more of that input value raises the score. Costs one forward and one backward
    pass.

    Example:
        >>> explanation = ks.explain(model, images, ks.Gradient())
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    name: str = "gradient"

    registered: ClassVar[str] = "gradient"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = True

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        return MethodResult(question.gradients().maps)
