"""Other values for a model's weights, made without touching the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import Any

import keras
import numpy as np

from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.seams import layers_in

_SEEDS = 2**31 - 1
_CONSTANTS = {keras.initializers.Zeros: 0, keras.initializers.Ones: 1}


@dataclass(frozen=True)
class WeightedLayer:
    """A layer that has weights of its own.

    Attributes:
        name: its name, behind those of the models and layers that it is nested in.
        positions: which of the model's weights are its own; one that is shared belongs to the layer that is
            nearest to the output.
        layer: the layer.
    """

    name: str
    positions: tuple[int, ...]
    layer: Any

    def fresh(self, values: list[np.ndarray], weights: Sequence[Any], rng: np.random.Generator) -> None:
        """Put fresh values of this layer's weights into `values`, see `fresh_values`."""
        for position in self.positions:
            values[position] = _fresh_value(self.layer, weights[position], values[position], rng)


def weighted_layers(model: Any, called: Sequence[Any]) -> tuple[WeightedLayer, ...]:
    """The layers with weights of their own, from the output down.

    Args:
        model: a built model.
        called: layers in the order in which they returned. A layer that is not among them (it returns several
            tensors, or none) has the place of the layer that it is part of, and what has none comes last.
    """
    order = {id(layer): place for place, layer in enumerate(called)}
    positions = {id(weight): position for position, weight in enumerate(model.weights)}
    found = []
    for _, name, layer in sorted(_walk(model, order, "", -1, set())[::-1], key=itemgetter(0), reverse=True):
        below = {id(weight) for part in layers_in(layer) for weight in part.weights}
        own = [id(weight) for weight in layer.weights if id(weight) not in below]
        mine = tuple(positions.pop(weight) for weight in own if weight in positions)
        if mine:
            found.append(WeightedLayer(name, mine, layer))
    return tuple(found)


def current_values(model: Any) -> list[np.ndarray]:
    """The values of `model.weights`, copied."""
    with without_a_trace():
        return [np.array(keras.ops.convert_to_numpy(weight.value)) for weight in model.weights]


def fingerprint(values: Sequence[np.ndarray]) -> str:
    """A hash of these values, their shapes and dtypes, in their order; names do not count."""
    digest = sha256()
    for value in values:
        digest.update(f"{value.dtype.str} {value.shape};".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def fresh_values(
    model: Any,
    layers: Sequence[WeightedLayer],
    rng: np.random.Generator,
    values: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Values of `model.weights` in which those of some layers are as before any training.

    Each is drawn afresh by the layer's own initializer, biases and the moving statistics of normalisation
    included, as far as that can be read from the layer (an attribute such as `kernel_initializer`). Where it
    cannot, the values that the weight has are permuted: same mean, deviation and shape, no order.

    Args:
        model: the model; it stays as it is.
        layers: whose weights are drawn.
        rng: where every random number comes from.
        values: what the other weights have; None: what they have in the model.
    """
    made, weights = current_values(model) if values is None else list(values), model.weights
    with without_a_trace():
        for layer in layers:
            layer.fresh(made, weights, rng)
    return made


def in_their_place(model: Any, values: Sequence[np.ndarray]) -> list[Any]:
    """One tensor for each variable of the model: these values for `model.weights`; None: the current value.

    Raises:
        ValueError: their number or a shape does not fit.
    """
    weights = model.weights
    shapes = [tuple(weight.shape) for weight in weights]
    if [np.shape(value) for value in values] != shapes:
        raise ValueError(
            f"Expected one array per weight of the model, of the shapes {shapes}. "
            f"Received: {[np.shape(value) for value in values]}"
        )
    to_tensor = current_backend().to_tensor
    with without_a_trace():
        given = {
            id(weight): to_tensor(np.asarray(value, weight.dtype))
            for weight, value in zip(weights, values, strict=True)
        }
    return [given.get(id(variable)) for variable in model.variables]


def _walk(
    layer: Any, order: dict[int, int], path: str, place: int, seen: set[int]
) -> list[tuple[int, str, Any]]:
    """Every layer once: when it returned, its path, itself."""
    if id(layer) in seen:
        return []
    seen.add(id(layer))
    place = order.get(id(layer), place)
    name = path or layer.name
    found = [(place, name, layer)]
    for part in layers_in(layer):
        found += _walk(part, order, f"{path}.{part.name}" if path else part.name, place, seen)
    return found


def _fresh_value(layer: Any, weight: Any, value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    initializer = _initializer(layer, weight.name)
    if initializer is None:
        return rng.permuted(value.ravel()).reshape(value.shape)
    # Most weights of a large network are of these two kinds: no need to ask the framework.
    if type(initializer) in _CONSTANTS:
        return np.full_like(value, _CONSTANTS[type(initializer)])
    if _is_plain_glorot(initializer) and value.ndim > 1:
        return _glorot_uniform(value.shape, rng).astype(value.dtype)
    seed = int(rng.integers(_SEEDS))
    drawn = _reseeded(initializer, seed)(tuple(value.shape), dtype=weight.dtype)
    return np.array(keras.ops.convert_to_numpy(drawn)).astype(value.dtype)


def _initializer(layer: Any, weight: str) -> Any | None:
    """The initializer of a weight of that name; None where the layer does not tell."""
    stem = weight.removesuffix("_kernel")
    names = [f"{weight}_initializer", f"{stem}_initializer"]
    if weight == "kernel":
        names.append("depthwise_initializer")
    found = (getattr(layer, name, None) for name in names)
    return next((item for item in found if isinstance(item, keras.initializers.Initializer)), None)


def _is_plain_glorot(initializer: Any) -> bool:
    """Whether it is the default of Keras' kernels, with the usual axes."""
    is_glorot = type(initializer) is keras.initializers.GlorotUniform
    return is_glorot and getattr(initializer, "input_axes", None) is None


def _glorot_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Uniform within ± √(6 ÷ (units in + units out)) (Glorot and Bengio 2010), for a kernel of that shape."""
    *receptive, inputs, outputs = shape
    limit = np.sqrt(6 / max(2, math.prod(receptive) * (inputs + outputs)))
    return (2 * rng.random(shape, "float32") - 1) * np.float32(limit)


def _reseeded(initializer: Any, seed: int) -> Any:
    """The initializer with another seed: Keras' own draw the same numbers at every call."""
    config = initializer.get_config()
    if "seed" not in config:
        return initializer
    return type(initializer).from_config({**config, "seed": seed})
