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
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import keras
from typing_extensions import override

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
    return getattr(_thread, "hooks", ())  # type: ignore[no-any-return]


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
        hooks = () if isinstance(operation, keras.layers.Layer) else _hooks()  # a layer's own call told
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
        self._produced: list[tuple[Tensor, Any]] = []  # holds the tensors, so that identities stay unique
        self._passed: list[tuple[Tensor, Tensor]] = []
        self._entered: Tensor = None

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
            self._produced.append((output, layer))
        self._entered = None
        return output

    def of(self, output: Tensor) -> Activation | None:
        """The activation whose output this very tensor is, or was before a cast."""
        origin = self._origin(output)
        return next((a for a in self._activations if a.output is origin and a.name in ACTIVATIONS), None)

    def producer(self, output: Tensor) -> Any | None:
        """The innermost layer that returned this very tensor, or what it was before a cast."""
        origin = self._origin(output)
        return next((layer for tensor, layer in self._produced if tensor is origin), None)

    @property
    def has_activations(self) -> bool:
        """Whether there was any softmax or sigmoid, or the logarithm of one."""
        return bool(self._activations)

    def elements(self) -> int:
        """How many elements the layers returned, those of each tensor once; a size that is not known counts as 1."""
        tensors = {id(tensor): tensor for tensor, _ in self._produced}
        return sum(prod(size or 1 for size in _sizes(tensor)) for tensor in tensors.values())

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
    linear = getattr(layer, "activation", None) is keras.activations.linear
    return isinstance(layer, keras.layers.Identity) or (isinstance(layer, keras.layers.Activation) and linear)


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
