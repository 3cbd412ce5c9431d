"""What guided backpropagation and the deconvolutional network share: a gradient with another rule."""

from __future__ import annotations

import warnings
from typing import Any, Literal

from keras_saliency.engine import RectifierCount, ScoredModel
from keras_saliency.errors import SaliencyWarning
from keras_saliency.methods.base import MethodResult
from keras_saliency.probes.targets import BoundTarget


def rectified_gradient(
    model: ScoredModel, inputs: Any, target: BoundTarget, rule: Literal["guided", "deconvnet"]
) -> MethodResult:
    """The gradient by a rule for rectifiers, with what the rule found; warns of what it cannot change."""
    gradients = model.gradients(inputs, target, rule=rule)
    found = gradients.rectifiers or RectifierCount(0, ())
    if found.unreached:
        warnings.warn(
            f"The rule {rule!r} changes {found.replaced} ReLUs of this model, and keeps the plain gradient of "
            f"{', '.join(found.unreached)}.",
            SaliencyWarning,
            stacklevel=2,
        )
    return MethodResult(
        gradients.maps, gradients.scores, {"rectifiers": found.replaced, "unreached": found.unreached}
    )
