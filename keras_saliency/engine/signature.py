"""What a model was when it was traced, so that a change of it is noticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from weakref import ref

import keras
import numpy as np

from keras_saliency.engine.seams import TRAINING_ATTRIBUTES, layers_throughout

_NUMBERS_AND_TEXTS = (int, float, complex, str, bytes, np.generic)
_FRAMEWORKS = ("keras", "tensorflow", "jax", "jaxlib", "torch", "numpy")


class Signature:
    """The layers of a model and what their attributes hold, by identity.

    Seen are: a layer that is added, replaced or rebuilt, any attribute that gets another value, what is put into a list
    or a dict of a layer or into an object of the user's own, and Keras' settings. Not seen are an array that is changed
    in place, and what a layer reads from elsewhere, such as a global variable. What only training sets is left out.

    The model can be deleted meanwhile: it is not held, and neither is anything that could hold it.
    """

    def __init__(self, model: Any) -> None:
        self._settings = _settings()
        self._kept: list[Any] = []
        self._watched: dict[int, Any] = {}
        self._something_died = False
        self._layers = [ref(layer) for layer in layers_throughout(model)]
        self._contents = [_containers(layer) for layer in layers_throughout(model)]
        self._ids = list(self._identities(model))
        for layer, containers in zip(layers_throughout(model), self._contents, strict=True):
            held = _attributes(layer)
            inner = [value for name in containers for value in _inside(held[name])]
            for value in (layer, *held.values(), *inner):
                self._hold(value)

    def fits(self, model: Any) -> bool:
        """Whether the model is still what it was. Takes 2 µs a layer."""
        if self._something_died or self._settings != _settings():
            return False
        layers = layers_throughout(model)
        return len(layers) == len(self._layers) and list(self._identities(model)) == self._ids

    def _identities(self, model: Any) -> Iterator[tuple[int, ...]]:
        for layer, containers in zip(layers_throughout(model), self._contents, strict=True):
            held = vars(layer)
            yield (id(layer), *map(id, _attributes(layer).values()))
            for name in containers:
                yield tuple(map(id, _inside(held.get(name))))

    def _hold(self, value: Any) -> None:
        """Make sure that no other object gets this one's identity without a notice."""
        if id(value) in self._watched:
            return
        if isinstance(value, _NUMBERS_AND_TEXTS) or _is_plain(value):
            self._kept.append(value)
            return
        with suppress(TypeError):  # a plain container is compared by what is in it
            self._watched[id(value)] = ref(value, self._died)

    def _died(self, _: Any) -> None:
        self._something_died = True


def _settings() -> tuple[Any, ...]:
    config = keras.config
    return (
        keras.backend.backend(),
        config.floatx(),
        config.epsilon(),
        config.image_data_format(),
        config.is_flash_attention_enabled(),
    )


def _attributes(layer: Any) -> dict[str, Any]:
    held: dict[str, Any] = vars(layer)
    if not isinstance(layer, keras.Model):
        return held
    return {name: value for name, value in held.items() if name not in TRAINING_ATTRIBUTES}


def _containers(layer: Any) -> tuple[str, ...]:
    """The attributes whose contents can change while they stay the same object."""
    return tuple(
        name
        for name, value in _attributes(layer).items()
        if not name.startswith("_")
        and (isinstance(value, (list, dict, set, tuple)) or _is_the_users_own(value))
        and not _is_plain(value)
    )


def _is_plain(value: Any) -> bool:
    """Whether it is a tuple of numbers and texts, which cannot change."""
    return type(value) is tuple and all(isinstance(part, _NUMBERS_AND_TEXTS) for part in value)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, (list, set, tuple)):
        return value
    return vars(value).values() if _is_the_users_own(value) else ()


def _is_the_users_own(value: Any) -> bool:
    """Whether it is an object with attributes that no framework defines, and that is not walked as a layer."""
    if isinstance(value, (type, keras.layers.Layer)) or callable(value) or not hasattr(value, "__dict__"):
        return False
    return type(value).__module__.partition(".")[0] not in _FRAMEWORKS
