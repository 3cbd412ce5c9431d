"""What guided backpropagation and the deconvolutional network share: a gradient with another rule."""

from __future__ import annotations

import warnings
from typing import Any, Literal

from keras_saliency.engine import Question, RectifierCount
from keras_saliency.errors import SaliencyWarning
from keras_saliency.methods.base import MethodResult
from keras_saliency.terminal import visible

Rule = Literal["guided", "deconvnet"]


def rectified_gradient(question: Question, rule: Rule) -> MethodResult:
    """The gradient by a rule for rectifiers, with what the rule found; warns of what it cannot change."""
    gradients = question.gradients(rule)
    found: Any = gradients.rectifiers  # with a rule there always is a count
    warn_of_unreached(rule, found)
    return MethodResult(gradients.maps, {"rectifiers": found.replaced, "unreached": found.unreached})


def warn_of_unreached(rule: Rule | None, found: RectifierCount | None) -> None:
    """Warn where a rule cannot change a rectifier."""
    if found and found.unreached:
        kept = visible(", ".join(found.unreached))
        warnings.warn(
            f"The rule {rule!r} changes {found.replaced} ReLUs of this model, and keeps the plain gradient of {kept}.",
            SaliencyWarning,
            stacklevel=2,
        )
