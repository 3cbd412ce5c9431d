"""What a model was when it was traced, so that a change of it is noticed."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from weakref import ref

import keras
import numpy as np

from keras_saliency.engine.seams import TRAINING_ATTRIBUTES, layers_throughout

_NUMBERS_AND_TEXTS = (int, float, complex, str, bytes, np.generic)
_CONTAINERS = (list, dict, set, tuple)
_FRAMEWORKS = ("keras", "tensorflow", "jax", "jaxlib", "torch", "numpy")
_KEPT_BY_FRAMEWORKS = (
    "_self_",
    "_tf_",
    "_obj_reference",
    "_inbound",
    "_outbound",
    "_loss",
    "_tracked",
    "_metrics",
)


class Signature:
    """The layers of a model and what their attributes hold, by identity.

    Seen are: a layer that is added, replaced or rebuilt, a module in a `TorchModuleWrapper`, any attribute that gets
    another value, what is put into a list or a dict of a layer, or into an object of the user's own, and Keras'
    settings. Not seen are what lies deeper, an array that is changed in place, and what a layer reads from elsewhere,
    such as a global variable. What only training sets is left out.

    The model can be deleted meanwhile: it is not held, and neither is anything that could hold it.
    """

    def __init__(self, model: Any) -> None:
        self._settings = _settings()
        self._kept: list[Any] = []
        self._watched: dict[int, Any] = {}
        self._something_died = False
        parts = list(_parts(model))
        self._contents = [_containers(part) for part in parts]
        self._ids = list(self._identities(parts))
        for part, containers in zip(parts, self._contents, strict=True):
            held = _attributes(part)
            inner = [value for name in containers for value in _inside(held[name])]
            for value in (part, *held.values(), *inner):
                self._hold(value)

    def fits(self, model: Any) -> bool:
        """Whether the model is still what it was. Takes 3 µs a layer."""
        if self._something_died or self._settings != _settings():
            return False
        parts = list(_parts(model))
        return len(parts) == len(self._contents) and list(self._identities(parts)) == self._ids

    def _identities(self, parts: Iterable[Any]) -> Iterator[tuple[int, ...]]:
        for part, containers in zip(parts, self._contents, strict=True):
            held = _attributes(part)
            yield (id(part), *map(id, held.values()))
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


def _parts(model: Any) -> Iterator[Any]:
    """The model, its layers, and the modules in a `TorchModuleWrapper`."""
    for layer in layers_throughout(model):
        yield layer
        if isinstance(layer, keras.layers.TorchModuleWrapper):
            yield from layer.module.modules()


def _attributes(part: Any) -> dict[str, Any]:
    held: dict[str, Any] = vars(part)
    if not isinstance(part, keras.Model) and "training" not in held:
        return held
    return {name: value for name, value in held.items() if name not in TRAINING_ATTRIBUTES}


def _containers(part: Any) -> tuple[str, ...]:
    """The attributes whose contents can change while they stay the same object."""
    own = not _is_of(part, "keras")
    return tuple(
        name
        for name, value in _attributes(part).items()
        if (own or not name.startswith("_"))
        and not name.startswith(_KEPT_BY_FRAMEWORKS)
        and (isinstance(value, _CONTAINERS) or _is_the_users_own(value))
        and not _is_plain(value)
    )


def _is_plain(value: Any) -> bool:
    """Whether it is a tuple of numbers and texts, which cannot change."""
    return type(value) is tuple and all(isinstance(part, _NUMBERS_AND_TEXTS) for part in value)


def _inside(value: Any, deep: bool = True) -> Iterator[Any]:
    """What a container holds, and the containers in it."""
    if isinstance(value, _CONTAINERS):
        for one in value.values() if isinstance(value, dict) else value:
            yield one
            if deep and isinstance(one, _CONTAINERS):
                yield from _inside(one, deep=False)
    elif _is_the_users_own(value):
        yield from vars(value).values()


def _is_the_users_own(value: Any) -> bool:
    """Whether it is an object with attributes that no framework defines, and that is not walked as a layer."""
    if isinstance(value, (type, keras.layers.Layer)) or inspect.isroutine(value):
        return False
    return hasattr(value, "__dict__") and not any(_is_of(value, package) for package in _FRAMEWORKS)


def _is_of(value: Any, package: str) -> bool:
    return type(value).__module__.partition(".")[0] == package
