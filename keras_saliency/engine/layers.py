"""Finding and tapping an inner layer while the model is traced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from typing_extensions import override

from keras_saliency.engine.interception import Hook
from keras_saliency.engine.seams import layers_in
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


class LayerRecord(Hook):
    """Remembers every layer that returned one tensor, in the order of the calls, with the tensor."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Tensor]] = []

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        self.calls.append((layer, output))
        return output

    def shapes(self, layer: Any) -> list[tuple[int, ...]]:
        """The shape, without the batch, of each output of a layer."""
        return [tuple(output.shape[1:]) for found, output in self.calls if found is layer]


class LayerTap(Hook):
    """Adds an offset to the output of one layer, and remembers the output.

    With an offset of zeros nothing changes, and the gradient for the offset is the gradient for that output.
    """

    def __init__(self, layer: Any, offset: Tensor | None = None) -> None:
        self._layer = layer
        self._offset = offset
        self.tensor: Tensor = None

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        if layer is not self._layer:
            return output
        self.tensor = output
        return output if self._offset is None else output + keras.ops.cast(self._offset, output.dtype)


def choose_layer(model: Any, record: LayerRecord, layer: Any, channel_axis: int) -> LayerSite:
    """The site of a layer: given as `"auto"`, a name, a dotted path into nested models, or the layer itself.

    `"auto"` is the last layer with a spatial output larger than 1 × 1, also inside a nested model. A layer that is
    called several times, and one whose output is the model's own, are passed over.

    Raises:
        MethodDoesNotApplyError: `"auto"`, and there is no such layer.
        TypeError: `layer` is neither a name nor a layer.
        ValueError: there is no such layer, several have that name, it is not called exactly once, or its output is
            not spatial.
    """
    names: dict[int, str] = {}
    for found, path in _named_layers(model):
        names.setdefault(id(found), path)
    if isinstance(layer, str) and layer == "auto":
        chosen = _last_spatial(model, record, channel_axis)
    elif isinstance(layer, str):
        spatial = [names[id(found)] for found in _spatial(record, channel_axis) if id(found) in names]
        chosen = _named(model, layer, spatial)
    elif isinstance(layer, keras.layers.Layer):
        chosen = layer
    else:
        raise TypeError(
            f'Expected layer to be a name, a dotted path, a layer or "auto". Received: layer={layer!r}'
        )
    name, shapes = names.get(id(chosen), chosen.name), record.shapes(chosen)
    if len(shapes) != 1:
        raise ValueError(
            f"Expected a layer that the model calls once, with one output. Received: layer {name!r}, called "
            f"{len(shapes)} times"
        )
    if not _is_spatial(shapes[0], channel_axis):
        raise ValueError(
            f"Expected a layer with a spatial output (height × width × channels, larger than 1 × 1). Received: "
            f"layer {name!r} with the output {shapes[0]}"
        )
    return LayerSite(chosen, name, shapes[0])


def _spatial(record: LayerRecord, channel_axis: int) -> list[Any]:
    """The layers with a spatial output, without the models, each once, in the order of the calls."""
    found = {
        id(layer): layer
        for layer, output in record.calls
        if _is_spatial(tuple(output.shape[1:]), channel_axis) and not isinstance(layer, keras.Model)
    }
    return list(found.values())


def _last_spatial(model: Any, record: LayerRecord, channel_axis: int) -> Any:
    own = next((output for layer, output in reversed(record.calls) if layer is model), None)
    makes_own = [layer for layer, output in record.calls if output is own]
    for layer in reversed(_spatial(record, channel_axis)):
        if len(record.shapes(layer)) == 1 and not any(layer is other for other in makes_own):
            return layer
    raise MethodDoesNotApplyError(
        f"No layer inside the model {model.name!r} that is called once has a spatial output (height × width × "
        "channels, larger than 1 × 1)."
    )


def _named(model: Any, name: str, spatial: list[str]) -> Any:
    """The layer of that dotted path, else the only one of that name in nested models."""
    layers = _named_layers(model)
    found = {id(layer): (layer, path) for layer, path in layers if path == name}
    found = found or {id(layer): (layer, path) for layer, path in layers if layer.name == name}
    if not found:
        raise ValueError(f"No layer {name!r}. Layers with a spatial output: {', '.join(spatial) or 'none'}.")
    if len(found) > 1:
        paths = ", ".join(path for _, path in found.values())
        raise ValueError(
            f"{len(found)} layers have the name {name!r}; give the path of one of them: {paths}."
        )
    return next(iter(found.values()))[0]


def _named_layers(model: Any, path: str = "") -> list[tuple[Any, str]]:
    """Every layer with its dotted path; the layers of a model before those of the models in it."""
    own = [(layer, path + layer.name) for layer in layers_in(model)]
    return own + [pair for layer, name in own for pair in _named_layers(layer, f"{name}.")]


def _is_spatial(shape: tuple[int, ...], channel_axis: int) -> bool:
    if len(shape) != 3:
        return False
    height, width = shape[1:] if channel_axis == 1 else shape[:2]
    return height * width > 1
