"""Finding and tapping an inner layer while the model is traced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from keras_saliency.engine.interception import Watcher
from keras_saliency.errors import MethodDoesNotApplyError

Tensor = Any


@dataclass(frozen=True)
class LayerSite:
    """One layer of a model, called once, with a spatial output.

    Attributes:
        layer: the layer.
        name: its name, behind those of the models that it is nested in: `"backbone.conv5"`.
        shape: of its output, without the batch.
    """

    layer: Any
    name: str
    shape: tuple[int, ...]


class LayerRecord(Watcher):
    """Remembers every layer that returned one tensor, in the order of the calls, with the tensor's shape."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, tuple[int, ...]]] = []

    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        """See `Watcher`."""
        self.calls.append((layer, tuple(output.shape[1:])))
        return output


class LayerTap(Watcher):
    """Adds an offset to the output of one layer, and remembers the output.

    With an offset of zeros nothing changes, and the gradient for the offset is the gradient for that output.
    """

    def __init__(self, layer: Any, offset: Tensor | None = None) -> None:
        self._layer = layer
        self._offset = offset
        self.tensor: Tensor = None

    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        """See `Watcher`."""
        if layer is not self._layer:
            return output
        self.tensor = output
        return output if self._offset is None else output + keras.ops.cast(self._offset, output.dtype)


def choose_layer(model: Any, record: LayerRecord, layer: Any, channel_axis: int) -> LayerSite:
    """The site of a layer: given as `"auto"`, a name, a dotted path into nested models, or the layer itself.

    `"auto"` is the last layer with a spatial output larger than 1 × 1, also inside a nested model.

    Raises:
        MethodDoesNotApplyError: `"auto"`, and no layer has a spatial output.
        ValueError: there is no such layer, it is not called exactly once, or its output is not spatial.
    """
    spatial = [found for found, shape in record.calls if _is_spatial(shape, channel_axis)]
    names = {id(found): name for found, name in _named_layers(model)}
    if isinstance(layer, str) and layer == "auto":
        chosen = next((found for found in reversed(spatial) if not isinstance(found, keras.Model)), None)
        if chosen is None:
            raise MethodDoesNotApplyError(
                f"No layer of the model {model.name!r} has a spatial output (height × width × channels, larger "
                "than 1 × 1)."
            )
    else:
        chosen = _resolved(model, layer, [names[id(found)] for found in spatial if id(found) in names])
    calls = [shape for found, shape in record.calls if found is chosen]
    name = names.get(id(chosen), chosen.name)
    if len(calls) != 1:
        raise ValueError(
            f"Expected a layer that the model calls once, with one output. Received: layer {name!r}, called "
            f"{len(calls)} times"
        )
    if not _is_spatial(calls[0], channel_axis):
        raise ValueError(
            f"Expected a layer with a spatial output (height × width × channels, larger than 1 × 1). Received: "
            f"layer {name!r} with the output {calls[0]}"
        )
    return LayerSite(chosen, name, calls[0])


def _resolved(model: Any, layer: Any, spatial: list[str]) -> Any:
    if not isinstance(layer, str):
        return layer
    for found, name in _named_layers(model):
        if layer in (name, found.name):
            return found
    raise ValueError(f"No layer {layer!r}. Layers with a spatial output: {', '.join(spatial)}.")


def _named_layers(model: Any, path: str = "") -> list[tuple[Any, str]]:
    """Every layer with its dotted path; the layers of a model before those of the models in it."""
    own = [(layer, path + layer.name) for layer in model._flatten_layers(include_self=False, recursive=False)]
    return own + [pair for layer, name in own for pair in _named_layers(layer, f"{name}.")]


def _is_spatial(shape: tuple[int, ...], channel_axis: int) -> bool:
    if len(shape) != 3:
        return False
    height, width = shape[1:] if channel_axis == 1 else shape[:2]
    return height * width > 1
