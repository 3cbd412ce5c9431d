"""Hooks into a model while it is traced, without setting anything on it.

Keras looks its activation functions up in one module of the backend and calls every layer through
`Layer.__call__`. While at least one thread has hooks, both are replaced by dispatchers that call the hooks of
their own thread and, unless a hook returns something else, do what the originals do. These are private parts of
Keras: `keras_saliency.engine.selftest` proves them at first use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras

from keras_saliency.engine import seams

ACTIVATIONS = ("softmax", "sigmoid", "log_softmax")
LOG_SIGMOID = "log_sigmoid"
"""Its logits are not read: the class beside it would need another logarithm."""

RECTIFIERS = ("relu", "relu6")
WINDOWS = ("conv", "depthwise_conv", "separable_conv", "conv_transpose", "max_pool", "average_pool")
"""What reads windows of images, by Keras' layers or by `keras.ops`."""
FORMATS = ("channels_last", "channels_first")

Tensor = Any


class Hook:
    """Is called at each step of a model in this thread. A subclass overrides the steps that it wants to know."""

    def activation(self, name: str, axis: int, inputs: Tensor, output: Tensor) -> Tensor | None:
        """A softmax or sigmoid, or its logarithm, was computed; a tensor that is returned replaces the output."""

    def dot_product_attention(self, *args: Any, **kwargs: Any) -> Tensor | None:
        """Attention is computed as a whole; a tensor that is returned replaces the output, None keeps it."""

    def rectifier(self, original: Callable[[Tensor], Tensor], name: str, inputs: Tensor) -> Tensor | None:
        """A ReLU or ReLU6 is computed; a tensor that is returned replaces the output, None keeps it."""

    def zero_maximum(self) -> None:
        """A maximum with the number 0 was computed: a rectifier that does not go through Keras' own."""

    def window(self, inputs: Tensor, data_format: str) -> None:
        """A convolution or a pooling is computed, of one, two or three dimensions."""

    def product(self, inputs: Tensor) -> None:
        """The last axis is multiplied with a matrix, past Keras."""

    def entering(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A layer, or an operation of a functional model, is called with these arguments."""

    def leaving(self, layer: Any, output: Any) -> None:
        """The layer or operation that was entered last returned, with one tensor or several."""

    def layer_inputs(self, layer: Any, inputs: Tensor) -> Tensor:
        """A layer is called with one tensor; what is returned goes into the layer."""
        return inputs

    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        """A layer returned one tensor; what is returned leaves the layer."""
        return output

    def operation_output(self, operation: Any, output: Tensor) -> Tensor:
        """An operation of a functional model, such as a sum, returned one tensor; what is returned leaves it."""
        return output


@contextmanager
def hooked(*hooks: Hook) -> Iterator[None]:
    """Call the hooks at the steps of models in this thread, until the block ends."""
    before = _hooks()
    try:
        _patches.install()
        _thread.hooks = (*before, *hooks)
        yield
    finally:
        _thread.hooks = before
        _patches.remove()


@contextmanager
def unhooked() -> Iterator[None]:
    """Call no hook in this thread, until the block ends."""
    before = _hooks()
    _thread.hooks = ()
    try:
        yield
    finally:
        _thread.hooks = before


def are_hooked(step: str) -> bool:
    """Whether any hook of this thread wants to know of a step, such as `"rectifier"`."""
    return any(getattr(type(hook), step) is not getattr(Hook, step) for hook in _hooks())


_thread = threading.local()


def _hooks() -> tuple[Hook, ...]:
    found: tuple[Hook, ...] = getattr(_thread, "hooks", ())
    return found


class _Patches:
    """The replaced functions: installed by the first thread with hooks, restored by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._originals: list[tuple[Any, str, Any]] = []

    def install(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                for name in (*ACTIVATIONS, LOG_SIGMOID):
                    self._replace(seams.functions.nn, name, partial(_activation, name))
                for name in RECTIFIERS:
                    self._replace(seams.functions.nn, name, partial(_rectifier, name))
                self._replace(seams.functions.nn, "hard_sigmoid", _hard_sigmoid)
                self._replace(seams.functions.nn, "dot_product_attention", _dot_product_attention)
                for name in WINDOWS:
                    self._replace(seams.functions.nn, name, _window)
                self._replace(seams.functions.numpy, "maximum", _maximum)
                self._replace(keras.layers.Layer, "__call__", _layer_call)
                self._replace(keras.Operation, "__call__", _operation_call)

    def remove(self) -> None:
        with self._lock:
            self._users -= 1
            while self._users == 0 and self._originals:
                setattr(*self._originals.pop())

    def _replace(self, owner: Any, name: str, dispatcher: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        self._originals.append((owner, name, original))
        setattr(owner, name, dispatcher(original))


_patches = _Patches()


def _activation(name: str, original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def dispatch(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        with unhooked():  # Keras' softmax calls the framework's
            output = original(x, *args, **kwargs)
        return activated(name, kwargs.get("axis", args[0] if args else -1), x, output)

    return dispatch


def activated(name: str, axis: int, inputs: Tensor, output: Tensor) -> Tensor:
    """The output of a softmax, sigmoid or log-softmax, or what a hook returns in its place."""
    for hook in _hooks():
        if (changed := hook.activation(name, axis, inputs, output)) is not None:
            output = changed
    return output


def _dot_product_attention(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def dispatch(*args: Any, **kwargs: Any) -> Tensor:
        for hook in _hooks():
            if (output := hook.dot_product_attention(*args, **kwargs)) is not None:
                return output
        return original(*args, **kwargs)

    return dispatch


def _rectifier(name: str, original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def dispatch(x: Tensor) -> Tensor:
        return rectified(original, name, x)

    return dispatch


def rectified(original: Callable[[Tensor], Tensor], name: str, inputs: Tensor) -> Tensor:
    """`original(inputs)`, a ReLU, or what a hook returns in its place."""

    def unhooked_original(inputs: Tensor) -> Tensor:
        with unhooked():  # Keras' ReLU calls the framework's
            return original(inputs)

    for hook in _hooks():
        if (output := hook.rectifier(unhooked_original, name, inputs)) is not None:
            return output
    return original(inputs)


def _hard_sigmoid(original: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def dispatch(x: Tensor) -> Tensor:
        before, _thread.in_hard_sigmoid = in_hard_sigmoid(), True
        try:
            return original(x)
        finally:
            _thread.in_hard_sigmoid = before

    return dispatch


def _window(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def dispatch(inputs: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if _hooks():
            texts = (value for value in (*args, *kwargs.values()) if isinstance(value, str))
            given = (text for text in texts if text in FORMATS)
            window(inputs, next(given, keras.config.image_data_format()))
        return original(inputs, *args, **kwargs)

    return dispatch


def window(inputs: Tensor, data_format: str) -> None:
    """Tell the hooks of a convolution or a pooling."""
    for hook in _hooks():
        hook.window(inputs, data_format)


def product(inputs: Tensor) -> None:
    """Tell the hooks that the last axis is multiplied with a matrix."""
    for hook in _hooks():
        hook.product(inputs)


def in_hard_sigmoid() -> bool:
    """Whether this thread computes a hard sigmoid: Keras makes it with a ReLU6 on TensorFlow."""
    return bool(getattr(_thread, "in_hard_sigmoid", False))


def _maximum(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def dispatch(x1: Tensor, x2: Tensor) -> Tensor:
        if any(isinstance(x, (int, float)) and x == 0 for x in (x1, x2)):
            zero_maximum()
        return original(x1, x2)

    return dispatch


def zero_maximum() -> None:
    """Tell the hooks of a maximum with 0."""
    for hook in _hooks():
        hook.zero_maximum()


def _layer_call(original: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch(layer: Any, *args: Any, **kwargs: Any) -> Any:
        hooks = _hooks()
        for hook in hooks:
            if args and keras.ops.is_tensor(args[0]):
                args = (_keeping_mask(args[0], hook.layer_inputs(layer, args[0])), *args[1:])
            hook.entering(layer, args, kwargs)
        output = original(layer, *args, **kwargs)
        for hook in hooks:
            if keras.ops.is_tensor(output):
                output = _keeping_mask(output, hook.layer_output(layer, output))
            hook.leaving(layer, output)
        return output

    return dispatch


def _operation_call(original: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch(operation: Any, *args: Any, **kwargs: Any) -> Any:
        hooks = _hooks()
        if isinstance(operation, keras.layers.Layer):  # its own call has told of it
            hooks = ()
        for hook in hooks:
            hook.entering(operation, args, kwargs)
        output = original(operation, *args, **kwargs)
        for hook in hooks:
            if keras.ops.is_tensor(output):
                output = hook.operation_output(operation, output)
            hook.leaving(operation, output)
        return output

    return dispatch


def _keeping_mask(before: Tensor, after: Tensor) -> Tensor:
    """`after` with the Keras mask of `before`, which arithmetic drops."""
    if after is not before and (mask := seams.masking.get_keras_mask(before)) is not None:
        seams.masking.set_keras_mask(after, mask)
    return after
