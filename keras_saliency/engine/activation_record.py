"""Which activation, and which layer, made a tensor of a trace."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import keras
from typing_extensions import override

from keras_saliency.engine.interception import ACTIVATIONS, Hook

Tensor = Any


@dataclass(frozen=True)
class Activation:
    """One softmax, sigmoid or log-softmax of a trace."""

    name: str
    axis: int
    inputs: Tensor
    output: Tensor


class ActivationRecord(Hook):
    """Remembers every softmax and sigmoid, and which layer made which tensor."""

    def __init__(self) -> None:
        self._activations: list[Activation] = []
        self._produced: list[tuple[Tensor, Any, Tensor]] = []  # holds tensors, so that identities stay unique
        self._passed: list[tuple[Tensor, Tensor]] = []
        self._entered: Tensor = None
        self._weights_of_attention = 0

    @override
    def dot_product_attention(self, query: Tensor, key: Tensor, *args: Any, **kwargs: Any) -> None:
        self._weights_of_attention += prod(size or 1 for size in (*query.shape[:3], key.shape[1]))

    @override
    def activation(self, name: str, axis: int, inputs: Tensor, output: Tensor) -> None:
        self._activations.append(Activation(name, axis, inputs, output))

    @override
    def layer_inputs(self, layer: Any, inputs: Tensor) -> Tensor:
        self._entered = inputs
        return inputs

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        if _passes_on(layer) and self._entered is not None:
            self._passed.append((output, self._entered))
        elif not _passes_on(layer):
            self._produced.append((output, layer, self._entered))
        self._entered = None
        return output

    def of(self, output: Tensor) -> Activation | None:
        """The activation whose output this very tensor is, or was before a cast."""
        origin = self._origin(output)
        return next((a for a in self._activations if a.output is origin and a.name in ACTIVATIONS), None)

    def producer(self, output: Tensor) -> Any | None:
        """The innermost layer that returned this very tensor, or what it was before a cast."""
        made = self._made(output)
        return None if made is None else made[0]

    def last_read(self, output: Tensor) -> Tensor:
        """What the last layer with weights on the way to this output was called with; else what is known before it."""
        activation = self.of(output)
        tensor = output if activation is None or self._made(activation.inputs) is None else activation.inputs
        while (made := self._made(tensor)) is not None and made[1] is not None:
            layer, tensor = made
            if layer.weights:
                break
        return tensor

    @property
    def has_activations(self) -> bool:
        """Whether there was any softmax or sigmoid, or the logarithm of one."""
        return bool(self._activations)

    def elements(self) -> int:
        """How many elements layers and softmaxes returned, each tensor once, and how many weights attention took.

        A size that is not known counts as 1.
        """
        tensors = [*(made[0] for made in self._produced), *(one.output for one in self._activations)]
        each = {id(tensor): tensor for tensor in tensors}.values()
        return sum(prod(size or 1 for size in _sizes(tensor)) for tensor in each) + self._weights_of_attention

    def _made(self, output: Tensor) -> tuple[Any, Tensor] | None:
        """The innermost layer that returned this tensor, or what it was before a cast, and what it was called with."""
        origin = self._origin(output)
        return next(((layer, inputs) for tensor, layer, inputs in self._produced if tensor is origin), None)

    def _origin(self, output: Tensor) -> Tensor:
        for after, before in reversed(self._passed):
            if after is output:
                output = before
        return output


def _sizes(tensor: Tensor) -> tuple[int | None, ...]:
    """The shape; empty for a TensorFlow tensor of unknown rank."""
    return () if getattr(tensor.shape, "rank", 0) is None else tuple(tensor.shape)


def _passes_on(layer: Any) -> bool:
    """Whether a layer only casts: `Activation("linear", dtype="float32")` ends many a mixed-precision model."""
    return isinstance(layer, keras.layers.Identity) or (
        isinstance(layer, keras.layers.Activation) and layer.activation is keras.activations.linear
    )
