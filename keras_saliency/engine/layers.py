"""Finding and tapping a place inside a model while the model is traced: the output of a layer or of an operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import keras
import numpy as np
from typing_extensions import override

from keras_saliency.engine.foreign import FOREIGN, hidden_feature_map
from keras_saliency.engine.interception import Hook
from keras_saliency.engine.seams import layers_in
from keras_saliency.engine.slabs import Slabs
from keras_saliency.engine.token_grid import TokenGrid, found_grid, given_grid
from keras_saliency.errors import MethodDoesNotApplyError

Tensor = Any


@dataclass(frozen=True)
class LayerSite:
    """One layer of a model, or one operation of a functional one, that is called once and whose output has places.

    Attributes:
        layer: the layer or operation.
        name: its name, behind those of the models that it is nested in: `"backbone.conv5"`.
        shape: of its output, without the batch.
        channel_axis: of its output with the batch, −1 or 1, where it has height and width.
        sides: the axes of its output that lie over the height and the width of the image; None: in the order that
            the channels leave.
        tokens: where tokens lie over the image; None where the output has height and width.
        is_proven: whether the model was seen to lay it over the image; not where nothing shows at all.
    """

    layer: Any
    name: str
    shape: tuple[int, ...]
    channel_axis: int
    sides: tuple[int, int] | None = field(default=None, compare=False)
    tokens: TokenGrid | None = None
    is_proven: bool = field(default=True, compare=False)

    @property
    def shapes(self) -> tuple[tuple[int, ...]]:
        """The shape of its only tensor."""
        return (self.shape,)

    def tap(self, offsets: Sequence[Tensor] = ()) -> LayerTap:
        """The hook that finds its output, and adds an offset where there is one."""
        return LayerTap(self.layer, *offsets)

    def over_image(self, tensor: np.ndarray) -> np.ndarray:
        """`(n, height, width, channels)`, from the output or a gradient for it."""
        if self.tokens is not None:
            return self.tokens.over_image(tensor)
        sides = self.sides or ((2, 3) if self.channel_axis == 1 else (1, 2))
        return np.moveaxis(tensor, sides, (1, 2))

    def over(self, cut: Slabs, values: np.ndarray) -> LayerSite | None:
        """This site with the axes that lie over the image; None where its output does not lie over it.

        Args:
            cut: copies of an image whose height and width were cut.
            values: of the output, for these copies.
        """
        if (values == values[:1]).all():  # nothing shows, and the map will be zero everywhere
            return replace(self, is_proven=False)
        if self.tokens is not None:
            return self if cut.sides(self.over_image(values), (1, 2)) == (1, 2) else None
        sides = cut.sides(values, (2, 3) if self.channel_axis == 1 else (1, 2))
        return None if sides is None else replace(self, sides=sides)

    def gradients_over_image(self, gradients: np.ndarray) -> np.ndarray:
        """The same, from the gradients of scores for the output.

        Raises:
            MethodDoesNotApplyError: the scores read the tokens in front alone, such as one of the class.
        """
        found = self.over_image(gradients)
        if self.tokens is not None and not found.any() and gradients.any():
            raise MethodDoesNotApplyError(
                f"The score reads no token of the image behind {self.name!r}, only those in front of them, such as a "
                'class token: take a layer before the last attention, or layer="auto".'
            )
        return found


class LayerRecord(Hook):
    """Remembers every layer and operation that returned one tensor, in the order of the calls, with the tensor."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Tensor]] = []
        self.opaque: set[int] = set()
        """Layers of other frameworks, with weights, that take something with places: `id` of each."""

    @override
    def layer_inputs(self, layer: Any, inputs: Tensor) -> Tensor:
        if isinstance(layer, FOREIGN) and layer.weights and len(inputs.shape) > 2:
            self.opaque.add(id(layer))
        return inputs

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        self.calls.append((layer, output))
        return output

    @override
    def operation_output(self, operation: Any, output: Tensor) -> Tensor:
        self.calls.append((operation, output))
        return output


class LayerTap(Hook):
    """Adds an offset to the output of one layer or operation, and remembers the output.

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

    @override
    def operation_output(self, operation: Any, output: Tensor) -> Tensor:
        return self.layer_output(operation, output)


@dataclass(frozen=True)
class Call:
    """One call of a layer or operation: itself, its name, the shape of its output without the batch."""

    layer: Any
    name: str
    shape: tuple[int, ...]


class Sites:
    """The calls of one trace, and which of them have places over the image.

    Args:
        model: the model.
        calls: of `LayerRecord`.
        examples: how many went in: an output whose first axis is another is none of the batch.
        image: height and width of the explained image; None where none is explained.
        channel_axis: of the image; layers that have a data format change it for those behind them.
        grid: rows and columns of tokens, where a user says so.
    """

    def __init__(
        self,
        model: Any,
        calls: Sequence[tuple[Any, Tensor]],
        *,
        examples: int,
        image: tuple[int, int] | None,
        channel_axis: int,
        grid: tuple[int, int] | None,
    ) -> None:
        self.examples = examples
        self.names: dict[int, str] = {}
        for found, path in _named_layers(model):
            self.names.setdefault(id(found), path)
        self.calls = [
            Call(layer, self.names.get(id(layer), layer.name), tuple(output.shape[1:]))
            if tuple(output.shape[:1]) in ((examples,), (None,))
            else Call(layer, self.names.get(id(layer), layer.name), ())
            for layer, output in calls
        ]
        self._image, self._grid = image, grid
        self._channel_axes: list[int] = []
        for layer, _ in calls:
            if data_format := getattr(layer, "data_format", None):
                channel_axis = 1 if data_format == "channels_first" else -1
            self._channel_axes.append(channel_axis)
        self._recurs = any(isinstance(layer, keras.layers.RNN) for layer, _ in calls)

    def at(self, position: int) -> LayerSite | None:
        """The site of a call; None where its output has not more than one place over the image."""
        call = self.calls[position]
        if len(call.shape) not in (2, 3) or None in call.shape:
            return None
        if len(call.shape) == 3:
            site = LayerSite(call.layer, call.name, call.shape, self._channel_axes[position])
            return site if prod(self._size(position)) > 1 else None
        grid = self.grid_of(call.shape[0], position)
        return LayerSite(call.layer, call.name, call.shape, -1, tokens=grid) if grid else None

    @property
    def spatial(self) -> list[str]:
        """The names of the layers and operations with places, without the models, in the order of the calls."""
        found = {
            call.name: None
            for position, call in enumerate(self.calls)
            if not isinstance(call.layer, keras.Model) and self.at(position)
        }
        return list(found)

    def count(self, layer: Any) -> int:
        """How often a layer is called."""
        return sum(call.layer is layer for call in self.calls)

    def grid_of(self, tokens: int, position: int) -> TokenGrid | None:
        """Where so many tokens lie over the image, found before the call at this position; None: not clear."""
        if self._grid is not None:
            return given_grid(tokens, self._grid)
        if self._image is None or self._recurs:
            return None
        before = [self._size(i) for i, call in enumerate(self.calls[:position]) if len(call.shape) == 3]
        return found_grid(tokens, self._image, [size for size in before if None not in size])

    def _size(self, position: int) -> tuple[int, int]:
        """Height and width of an output with both."""
        shape = self.calls[position].shape
        height, width = shape[1:] if self._channel_axes[position] == 1 else shape[:2]
        return height, width


def feature_map(
    model: Any,
    sites: Sites,
    *,
    is_cut: Callable[[int], bool],
    is_output: Callable[[int], bool],
    matters: Callable[[LayerSite], bool],
    over_image: Callable[[LayerSite], LayerSite | None],
    hides: Callable[[int], bool],
) -> LayerSite:
    """The last layer or operation through whose output every path from the image to the score goes.

    Outputs that do not lie over the image (as in a decoder behind a Flatten), models, what is called several times,
    what returns the score or the model's own output, and tokens of the image that the score does not read (behind the
    last attention a class token alone goes on) are passed over.

    Raises:
        MethodDoesNotApplyError: there is none; what has places is named, or the tokens whose grid is not clear. Or it
            may lie inside a layer that `hides` it.
    """
    unclear = None
    for position in reversed(range(len(sites.calls))):
        call = sites.calls[position]
        if hides(position) and sites.at(position) is None:
            raise MethodDoesNotApplyError(hidden_feature_map(call.layer))
        if isinstance(call.layer, keras.Model) or sites.count(call.layer) > 1 or is_output(position):
            continue
        site = sites.at(position)
        if site is not None and is_cut(position) and (site.tokens is None or matters(site)):
            if lying := over_image(site):
                return lying
            continue
        if site is None and unclear is None and len(call.shape) == 2 and None not in call.shape:
            unclear = call if is_cut(position) else None
    raise MethodDoesNotApplyError(_no_feature_map(model, sites, unclear))


def named_layer(sites: Sites, model: Any, layer: Any) -> LayerSite:
    """The site of a layer or operation: given as a name, a dotted path into nested models, or itself.

    Raises:
        TypeError: `layer` is neither a name nor a layer.
        ValueError: there is none, several have that name, it is not called exactly once, or its output has no places.
    """
    if isinstance(layer, str):
        chosen = _named(model, layer, sites.spatial)
    elif isinstance(layer, keras.Operation):
        chosen = layer
    else:
        raise TypeError(
            f'Expected layer to be a name, a dotted path, a layer or "auto". Received: layer={layer!r}'
        )
    name = sites.names.get(id(chosen), chosen.name)
    positions = [position for position, call in enumerate(sites.calls) if call.layer is chosen]
    if len(positions) != 1:
        raise ValueError(
            f"Expected a layer that the model calls once, with one output. Received: layer {name!r}, called "
            f"{len(positions)} times"
        )
    site = sites.at(positions[0])
    if site is None:
        raise ValueError(_no_places(name, sites.calls[positions[0]].shape))
    return site


def _no_feature_map(model: Any, sites: Sites, unclear: Call | None) -> str:
    if unclear is not None:
        return (
            f"How the {unclear.shape[0]} tokens of {unclear.name!r} lie over the image is not clear: give "
            "grid=(rows, columns). Tokens in front of them are left out."
        )
    return (
        f"No layer inside the model {model.name!r} that is called once, and that every path from the image to the "
        "score goes through, has a spatial output that lies over the image (height × width × channels, larger than "
        f"1 × 1, or tokens on a grid). Other layers with a spatial output: {', '.join(sites.spatial) or 'none'}."
    )


def _no_places(name: str, shape: tuple[int, ...]) -> str:
    hint = f" If these are tokens, give grid=(rows, columns) of the {shape[0]}." if len(shape) == 2 else ""
    return (
        "Expected a layer with a spatial output (height × width × channels, larger than 1 × 1, or tokens on a grid). "
        f"Received: layer {name!r} with the output {shape}.{hint}"
    )


def _named(model: Any, name: str, spatial: list[str]) -> Any:
    """The layer of that dotted path, else the only one of that name in nested models."""
    layers = _named_layers(model)
    found = {id(layer): (layer, path) for layer, path in layers if path == name}
    found = found or {id(layer): (layer, path) for layer, path in layers if layer.name == name}
    for layer, path in layers:
        if isinstance(layer, FOREIGN) and name.startswith(f"{path}."):
            raise ValueError(f"No layer {name!r}. {hidden_feature_map(layer)}")
    if not found:
        raise ValueError(f"No layer {name!r}. Layers with a spatial output: {', '.join(spatial) or 'none'}.")
    if len(found) > 1:
        paths = ", ".join(path for _, path in found.values())
        raise ValueError(
            f"{len(found)} layers have the name {name!r}; give the path of one of them: {paths}."
        )
    return next(iter(found.values()))[0]


def _named_layers(model: Any, path: str = "") -> list[tuple[Any, str]]:
    """Every layer and operation with its dotted path; those of a model before those of the models in it."""
    own = [(layer, path + layer.name) for layer in _parts(model)]
    return own + [pair for layer, name in own for pair in _named_layers(layer, f"{name}.")]


def _parts(part: Any) -> Iterable[Any]:
    """The layers in a layer, and the operations of a functional model."""
    if not isinstance(part, keras.layers.Layer):
        return []
    operations = getattr(part, "operations", ()) if isinstance(part, keras.Model) else ()
    return [*layers_in(part), *(found for found in operations if not isinstance(found, keras.layers.Layer))]
