"""The first floating tensor of a model: what is explained where the inputs are integers."""

from __future__ import annotations

from typing import Any

import keras
from typing_extensions import override

from keras_saliency.engine.interception import Hook

Tensor = Any


class FirstFloatTap(Hook):
    """Adds an offset to the first floating tensor that a layer takes or returns, or to its replacement.

    With an offset of zeros nothing changes, and the gradient for the offset is the gradient for that tensor.
    Without an offset it only notes where that tensor is.
    """

    def __init__(self, offset: Tensor | None = None, replacement: Tensor | None = None) -> None:
        self._offset = offset
        self._replacement = replacement
        self.place: str | None = None
        self.tensor: Tensor = None

    @override
    def layer_inputs(self, layer: Any, inputs: Tensor) -> Tensor:
        if isinstance(layer, keras.layers.Embedding) or _casts_beforehand(layer):
            return inputs  # integers in spite of their dtype
        return self._tap(f"the input of layer {layer.name!r}", inputs)

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        return self._tap(f"the output of layer {layer.name!r}", output)

    def _tap(self, place: str, tensor: Tensor) -> Tensor:
        if self.place is not None or not keras.backend.is_float_dtype(tensor.dtype) or len(tensor.shape) < 2:
            return tensor
        self.place, self.tensor = place, tensor
        if self._replacement is not None:
            tensor = keras.ops.cast(self._replacement, tensor.dtype)
        return tensor if self._offset is None else tensor + keras.ops.cast(self._offset, tensor.dtype)


def _casts_beforehand(layer: Any) -> bool:
    """Whether a layer has its own `__call__`: Keras' preprocessing layers cast integers there, on TensorFlow only."""
    return type(layer).__call__ is not keras.layers.Layer.__call__
