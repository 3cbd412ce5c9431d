"""A proof, at first use, that the private parts of Keras still behave as the engine relies on.

It uses no weights and draws no random number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import keras
import numpy as np
from keras import ops
from typing_extensions import override

from keras_saliency.engine import seams
from keras_saliency.engine.attention import AttentionHook
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.interception import (
    ACTIVATIONS,
    RECTIFIERS,
    ActivationRecord,
    FirstFloatTap,
    Hook,
    hooked,
)
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.rectifiers import RectifierRule

_NAME = "keras_saliency_selftest"  # a layer without a name would change the names of the user's


@cache
def prove_seams() -> None:
    """Try every seam on a tiny network.

    Raises:
        SeamError: a seam no longer holds in this version of Keras; it names the seam.
        ValueError: Keras runs on a framework that is not supported.
    """
    current_backend()
    _prove("forgetting a seed generator", _forgets)
    with without_a_trace(), keras.StatelessScope():
        for name in ACTIVATIONS:
            _prove(f"recording {name}", partial(_records, name))
        for name in RECTIFIERS:
            _prove(f"replacing the gradient of {name}", partial(_replaces, name))
        _prove("noticing a maximum with 0", _notices)
        _prove("noticing a convolution", _notices_windows)
        _prove("tapping a layer", _taps)
        _prove("tapping the weights of attention", _taps_attention)
        _prove("keeping a mask", _keeps_masks)
        _prove("tracing without computing", _traces)
        _prove("telling a missing gradient from zero", _differentiates)
        _prove("finding the layers in a layer", _finds_layers)
        _prove("finding what a layer was called on", _finds_inputs)


def _prove(seam: str, proof: Callable[[], bool]) -> None:
    try:
        holds, reason = proof(), None
    except Exception as error:
        holds, reason = False, error
    if not holds:
        raise seams.broken(seam, reason) from reason


def _row(*values: float) -> Any:
    return ops.convert_to_tensor(np.array([values], "float32"))


def _equal(tensor: Any, *values: float) -> bool:
    return bool(np.array_equal(current_backend().to_numpy(tensor), [values]))


class _Asked(Exception):
    """Stands in for a seed generator and is raised when it is asked for a seed: no number is drawn."""

    def next(self, *, ordered: bool) -> Any:
        raise self


def _forgets() -> bool:
    """Whether Keras draws from the generator that it has under this name, and none that a look made stays."""
    get, put = seams.global_state.get_global_attribute, seams.global_state.set_global_attribute
    existing, asked = get(seams.GLOBAL_SEED), False
    put(seams.GLOBAL_SEED, None)
    try:
        with without_a_trace():
            put(seams.GLOBAL_SEED, _Asked())
            try:
                keras.random.uniform((1,))
            except _Asked:
                asked = True
        return asked and get(seams.GLOBAL_SEED) is None
    finally:
        put(seams.GLOBAL_SEED, existing)


def _records(name: str) -> bool:
    """Whether the input of an activation inside a layer is found by its output."""
    layer: Any = keras.layers.Activation(name, dtype="float32", name=_NAME)
    inputs = _row(0.5, -1, 2)
    with hooked(record := ActivationRecord()):
        output = layer(inputs)
    found = record.of(output)
    return found is not None and _equal(found.inputs, 0.5, -1, 2) and record.producer(output) is layer


def _replaces(name: str) -> bool:
    """Whether only what is positive, and where the input was, goes back through a guided rectifier."""
    layer: Any = keras.layers.Activation(name, dtype="float32", name=_NAME)

    def guided(inputs: list[Any]) -> tuple[Any, None]:
        with hooked(RectifierRule("guided")):
            return layer(inputs[0]), None

    output, (gradient,), _ = current_backend().vjp(guided, [_row(-1, 2, 3)], lambda _: _row(1, -1, 1))
    return _equal(output, 0, 2, 3) and _equal(gradient, 0, 0, 1)


class _Maxima(Hook):
    count = 0

    @override
    def zero_maximum(self) -> None:
        self.count += 1


def _notices() -> bool:
    with hooked(maxima := _Maxima()):
        ops.maximum(_row(-1, 2, 3), 0)
    return maxima.count == 1


class _Windows(Hook):
    format = ""

    @override
    def window(self, inputs: Any, data_format: str) -> None:
        self.format = data_format


def _notices_windows() -> bool:
    """Whether what reads windows of an image tells its format."""
    image = ops.reshape(_row(1, 2, 3), (1, 1, 3, 1))
    with hooked(windows := _Windows()):
        pooled = ops.max_pool(image, (1, 1), (1, 1), data_format="channels_last")
    return windows.format == "channels_last" and bool(ops.all(pooled == image))


def _taps() -> bool:
    """Whether an offset reaches the first floating tensor, once."""
    flatten: Any = keras.layers.Flatten(dtype="float32", name=_NAME)
    with hooked(tap := FirstFloatTap(_row(10, 20, 30))):
        output = flatten(_halves(_integers()))
    return tap.place is not None and _equal(output, 11, 22, 33)


def _taps_attention() -> bool:
    """Whether an offset reaches the weights, of a softmax and of attention as a whole, which stays the same."""
    softmax: Any = keras.layers.Softmax(dtype="float32", name=_NAME)
    values = np.array([[[[0.0], [1.0]], [[2.0], [3.0]]]], "float32")  # (1, 2, 2, 1)
    moved = np.array([[[[1.0, 0.0], [0.0, 0.0]]] * 2], "float32")  # (1, 2, 2, 2)

    def compute(inputs: Any, offset: Any) -> tuple[Any, ...]:
        plain = ops.dot_product_attention(inputs, inputs, inputs)
        with hooked(seen := AttentionHook(wanted=[0])):
            same = ops.dot_product_attention(inputs, inputs, inputs)
        with hooked(AttentionHook({0: offset, 1: offset})):
            return (
                plain,
                same,
                *seen.tensor,
                ops.dot_product_attention(inputs, inputs, inputs),
                softmax(0 * offset),
            )

    backend = current_backend()
    run = backend.compile(compute, [], channels_first=False)
    plain, same, weights, tapped, half = map(
        backend.to_numpy, run([], *map(backend.to_tensor, (values, moved)))
    )
    expected = np.einsum("bhqk,bkhd->bqhd", weights + moved, values)
    pairs = ((same, plain), (tapped, expected), (half, 0.5 + moved))
    return all(np.allclose(found, wanted, atol=1e-5) for found, wanted in pairs)


def _keeps_masks() -> bool:
    """Whether a tapped tensor has the mask that it had untapped."""
    inputs = _integers()
    seams.masking.set_keras_mask(inputs, ops.convert_to_tensor(np.array([[True, False, True]])))
    with hooked(FirstFloatTap(ops.zeros((1, 3)))):
        mask = seams.masking.get_keras_mask(_halves(inputs))
    return mask is not None and _equal(mask, True, False, True)


def _traces() -> bool:
    """Whether a layer calls its hooks while it is called on a shape alone."""
    layer: Any = keras.layers.Activation("softmax", dtype="float32", name=_NAME)
    shape = keras.KerasTensor((1, 3), "float32", name=_NAME)
    outputs: list[Any] = []

    def call(inputs: Any) -> Any:
        outputs.append(layer(inputs))
        return outputs[-1]

    with hooked(record := ActivationRecord()):
        seams.backend.compute_output_spec(call, shape)
    return record.of(outputs[-1]) is not None and record.producer(outputs[-1]) is layer


def _differentiates() -> bool:
    """Whether an input without a path to the output has no gradient, and a vanishing one is zero."""
    inputs, seed = [_row(1, 1, 1) for _ in range(3)], _row(1, 1, 1)
    _, (three, zero, missing), _ = current_backend().vjp(
        lambda inputs: (3 * inputs[0] + 0 * inputs[1], None), inputs, lambda _: seed
    )
    return _equal(three, 3, 3, 3) and _equal(zero, 0, 0, 0) and missing is None


def _finds_layers() -> bool:
    flatten = keras.layers.Flatten(dtype="float32", name=_NAME)
    inner = keras.Sequential([flatten], name=_NAME)
    outer = keras.Sequential([inner], name=_NAME)
    found = {id(layer) for layer in seams.layers_throughout(outer)}
    return seams.layers_in(outer) == [inner] and found == {id(layer) for layer in (outer, inner, flatten)}


def _finds_inputs() -> bool:
    layer: Any = keras.layers.Flatten(dtype="float32", name=_NAME)
    inputs = [keras.Input((3,), name=_NAME) for _ in range(2)]
    for tensor in inputs:
        layer(tensor)
    found = seams.symbolic_inputs(layer)
    return len(found) == len(inputs) and all(a is b for a, b in zip(found, inputs, strict=True))


def _integers() -> Any:
    return ops.convert_to_tensor(np.array([[2, 4, 6]], "uint8"))


def _halves(inputs: Any) -> Any:
    """Floats from integers, by a layer without weights."""
    layer: Any = keras.layers.Rescaling(0.5, dtype="float32", name=_NAME)
    return layer(inputs)
