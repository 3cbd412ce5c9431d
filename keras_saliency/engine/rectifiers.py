"""Other gradients for rectifiers: guided backpropagation and the deconvolutional network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import keras
from keras import ops
from typing_extensions import override

from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.interception import Hook, in_hard_sigmoid, unhooked
from keras_saliency.errors import MethodDoesNotApplyError

Tensor = Any
Rule = Literal["guided", "deconvnet"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True)
class RectifierCount:
    """What a rule found in a model.

    Attributes:
        replaced: how many ReLUs follow the rule.
        unreached: what else rectifies and keeps its own gradient, in words.
    """

    replaced: int
    unreached: tuple[str, ...]


class RectifierRule(Hook):
    """Gives every ReLU and ReLU6 that goes through Keras another gradient.

    `"guided"` lets a gradient pass where it and the ReLU's input are positive (Springenberg et al. 2014,
    arXiv:1412.6806); `"deconvnet"` where it is positive, whatever the input was (Zeiler and Fergus 2013,
    arXiv:1311.2901). A ReLU6 that is saturated passes nothing when guided.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._replaced = self._spared = 0
        self._unreached: dict[str, None] = {}  # in order, each once

    @property
    def count(self) -> RectifierCount:
        """What was found.

        Raises:
            MethodDoesNotApplyError: no ReLU was replaced.
        """
        if not self._replaced:
            found = ", ".join(self._unreached) or "none at all"
            raise MethodDoesNotApplyError(
                f"The rule {self._rule!r} changes the gradient of ReLUs, and no ReLU of this model goes through "
                f"Keras: the map would be the plain gradient. Rectifiers found: {found}."
            )
        return RectifierCount(self._replaced, tuple(self._unreached))

    def found(self, rectifiers: int) -> None:
        """Say how many ReLUs the model computes, those that are not replaced included."""
        if (past := rectifiers - self._replaced - self._spared) > 0:
            self._unreached[f"{past} {'ReLU' if past == 1 else 'ReLUs'} past Keras"] = None

    @override
    def rectifier(self, original: Callable[[Tensor], Tensor], name: str, inputs: Tensor) -> Tensor | None:
        if in_hard_sigmoid():
            self._spared += 1
            return None
        self._replaced += 1
        inputs = ops.convert_to_tensor(inputs)
        if self._rule == "deconvnet":
            return _passing_back_positives(original)(inputs)
        return _passing_back_positives(_same)(original(inputs))

    @override
    def zero_maximum(self) -> None:
        self._unreached["a maximum with 0"] = None

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        if _rectifies_by_itself(layer) or current_backend().is_closed(layer):
            self._unreached[f"layer {layer.name!r} ({type(layer).__name__})"] = None
        return output


def _rectifies_by_itself(layer: Any) -> bool:
    """Whether a layer rectifies without Keras' ReLU; leaky ReLUs with a slope do not count."""
    if isinstance(layer, keras.layers.ReLU):
        return bool(layer.threshold)
    return isinstance(layer, keras.layers.LeakyReLU) and not layer.negative_slope


def _passing_back_positives(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The function with another gradient: the positive part of the gradient for its output."""

    def forward(inputs: Tensor) -> tuple[Tensor, Callable[..., Tensor]]:
        def gradient(*arguments: Any, upstream: Tensor = None) -> Tensor:
            if upstream is None:  # PyTorch passes it by name, the others alone
                (upstream,) = arguments
            with unhooked():  # a framework may ask for the gradient while the model is still being traced
                return ops.relu(upstream)

        return function(inputs), gradient

    passing: Callable[[Tensor], Tensor] = ops.custom_gradient(forward)
    return passing


def _same(inputs: Tensor) -> Tensor:
    return inputs
