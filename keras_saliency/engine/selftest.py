"""A proof, at first use, that the private parts of Keras still behave as the engine relies on.

It uses no weights and draws no random number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import keras
import numpy as np
from keras import ops
from typing_extensions import override

from keras_saliency.engine import seams
from keras_saliency.engine.activation_record import ActivationRecord
from keras_saliency.engine.attention import AttentionHook
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.first_float import FirstFloatTap
from keras_saliency.engine.interception import (
    ACTIVATIONS,
    RECTIFIERS,
    Hook,
    hooked,
)
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.rectifiers import RectifierRule

Claims = Iterator[bool | tuple[Any, Any]]
"""What has to be true, and pairs of a tensor and the values that it has to have."""

_NAME = "keras_saliency_selftest"  # a layer without a name would change the names of the user's


@cache
def prove_seams() -> None:
    """Try every seam on a tiny network. All are compiled as one: JAX takes long for each operation alone.

    Raises:
        SeamError: a seam no longer holds in this version of Keras; it names the seam.
        ValueError: Keras runs on a framework that is not supported.
    """
    backend = current_backend()
    values: dict[str, list[Any]] = {}

    def compute(_: Any) -> dict[str, list[Any]]:
        tensors: dict[str, list[Any]] = {}
        for seam, proof in _proofs().items():
            tensors[seam], values[seam] = _claimed(seam, proof)
        return tensors

    _claimed("forgetting a seed generator", _forgets)
    with without_a_trace():
        run = backend.compile(compute, [], channels_first=False, whole=True)
        for seam, tensors in run([], backend.to_tensor(np.zeros((1, 1)))).items():
            for found, wanted in zip(map(backend.to_numpy, tensors), values[seam], strict=True):
                if not np.array_equal(found, wanted):
                    raise seams.broken(seam, None)


def _proofs() -> dict[str, Callable[[], Claims]]:
    return {
        **{f"recording {name}": partial(_records, name) for name in ACTIVATIONS},
        **{f"replacing the gradient of {name}": partial(_replaces, name) for name in RECTIFIERS},
        "noticing a maximum with 0": _notices,
        "noticing a convolution": _notices_windows,
        "tapping a layer": _taps,
        "tapping the weights of attention": _taps_attention,
        "keeping a mask": _keeps_masks,
        "tracing without computing": _traces,
        "telling a missing gradient from zero": _differentiates,
        "finding the layers in a layer": _finds_layers,
        "finding what a layer was called on": _finds_inputs,
    }


def _claimed(seam: str, proof: Callable[[], Claims]) -> tuple[list[Any], list[Any]]:
    """The tensors, and the values that they have to have; what is not true is an error at once."""
    try:
        claims, reason = list(proof()), None
    except Exception as error:
        claims, reason = [False], error
    pairs = [claim for claim in claims if isinstance(claim, tuple)]
    if not all(claims) or any(tensor is None for tensor, _ in pairs):
        raise seams.broken(seam, reason) from reason
    return [tensor for tensor, _ in pairs], [values for _, values in pairs]


def _row(*values: float) -> Any:
    return ops.convert_to_tensor(np.array([values], "float32"))


class _Asked(Exception):
    """Stands in for a seed generator and is raised when it is asked for a seed: no number is drawn."""

    def next(self, *, ordered: bool) -> Any:
        raise self


def _forgets() -> Claims:
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
        yield asked and get(seams.GLOBAL_SEED) is None
    finally:
        put(seams.GLOBAL_SEED, existing)


def _records(name: str) -> Claims:
    """Whether the input of an activation inside a layer is found by its output."""
    layer: Any = keras.layers.Activation(name, dtype="float32", name=_NAME)
    inputs = _row(0.5, -1, 2)
    with hooked(record := ActivationRecord()):
        output = layer(inputs)
    found: Any = record.of(output)
    yield found is not None and record.producer(output) is layer
    yield found.inputs, [[0.5, -1, 2]]


def _replaces(name: str) -> Claims:
    """Whether only what is positive, and where the input was, goes back through a guided rectifier."""
    layer: Any = keras.layers.Activation(name, dtype="float32", name=_NAME)

    def guided(inputs: list[Any]) -> tuple[Any, None]:
        with hooked(RectifierRule("guided")):
            return layer(inputs[0]), None

    output, (gradient,), _ = current_backend().vjp(guided, [_row(-1, 2, 3)], lambda _: _row(1, -1, 1))
    yield output, [[0, 2, 3]]
    yield gradient, [[0, 0, 1]]


class _Maxima(Hook):
    count = 0

    @override
    def zero_maximum(self) -> None:
        self.count += 1


def _notices() -> Claims:
    with hooked(maxima := _Maxima()):
        ops.maximum(_row(-1, 2, 3), 0)
    yield maxima.count == 1


class _Windows(Hook):
    format = ""

    @override
    def window(self, inputs: Any, data_format: str) -> None:
        self.format = data_format


def _notices_windows() -> Claims:
    """Whether what reads windows of an image tells its format."""
    image = ops.reshape(_row(1, 2, 3), (1, 1, 3, 1))
    with hooked(windows := _Windows()):
        pooled = ops.max_pool(image, (1, 1), (1, 1), data_format="channels_last")
    yield windows.format == "channels_last"
    yield pooled, [[[[1], [2], [3]]]]


def _taps() -> Claims:
    """Whether an offset reaches the first floating tensor, once."""
    halves: Any = keras.layers.Rescaling(0.5, dtype="float32", name=_NAME)
    flatten: Any = keras.layers.Flatten(dtype="float32", name=_NAME)
    integers = ops.convert_to_tensor(np.array([[2, 4, 6]], "uint8"))
    with hooked(tap := FirstFloatTap(_row(10, 20, 30))):
        output = flatten(halves(integers))
    yield tap.place is not None
    yield output, [[11, 22, 33]]


def _taps_attention() -> Claims:
    """Whether an offset reaches the weights, of a softmax and of attention as a whole, which stays the same."""
    softmax: Any = keras.layers.Softmax(dtype="float32", name=_NAME)
    values = np.array([[[[0.0], [1.0]], [[2.0], [3.0]]]], "float32")  # (1, 2, 2, 1)
    offsets = np.array([[[[1.0, 0.0], [0.0, 0.0]]] * 2], "float32")  # (1, 2, 2, 2)
    inputs, offset = map(ops.convert_to_tensor, (values, offsets))
    plain = ops.dot_product_attention(inputs, inputs, inputs)
    with hooked(seen := AttentionHook(wanted=[0])):
        same = ops.dot_product_attention(inputs, inputs, inputs)
    with hooked(AttentionHook({0: offset, 1: offset})):
        tapped = ops.dot_product_attention(inputs, inputs, inputs)
        half = softmax(0 * offset)
    expected = ops.einsum("bhqk,bkhd->bqhd", seen.tensor[0] + offset, inputs)
    yield ops.abs(same - plain) < 1e-5, np.full(values.shape, True)
    yield ops.abs(tapped - expected) < 1e-5, np.full(values.shape, True)
    yield half, 0.5 + offsets


def _keeps_masks() -> Claims:
    """Whether a tapped tensor has the mask that it had untapped."""
    layer: Any = keras.layers.Activation("linear", dtype="float32", name=_NAME)
    inputs = _row(1, 2, 3)
    seams.masking.set_keras_mask(inputs, ops.convert_to_tensor(np.array([[True, False, True]])))
    with hooked(FirstFloatTap(ops.zeros((1, 3)))):
        yield seams.masking.get_keras_mask(layer(inputs)), [[True, False, True]]


def _traces() -> Claims:
    """Whether a layer calls its hooks while it is called on a shape alone."""
    layer: Any = keras.layers.Activation("softmax", dtype="float32", name=_NAME)
    shape = keras.KerasTensor((1, 3), "float32", name=_NAME)
    outputs: list[Any] = []

    def call(inputs: Any) -> Any:
        outputs.append(layer(inputs))
        return outputs[-1]

    with hooked(record := ActivationRecord()):
        seams.backend.compute_output_spec(call, shape)
    yield record.of(outputs[-1]) is not None and record.producer(outputs[-1]) is layer


def _differentiates() -> Claims:
    """Whether an input without a path to the output has no gradient, and a vanishing one is zero."""
    inputs, seed = [_row(1, 1, 1) for _ in range(3)], _row(1, 1, 1)
    _, (three, zero, missing), _ = current_backend().vjp(
        lambda inputs: (3 * inputs[0] + 0 * inputs[1], None), inputs, lambda _: seed
    )
    yield three, [[3, 3, 3]]
    yield zero, [[0, 0, 0]]
    yield missing is None


def _finds_layers() -> Claims:
    flatten = keras.layers.Flatten(dtype="float32", name=_NAME)
    inner = keras.Sequential([flatten], name=_NAME)
    outer = keras.Sequential([inner], name=_NAME)
    found = {id(layer) for layer in seams.layers_throughout(outer)}
    yield seams.layers_in(outer) == [inner]
    yield found == {id(layer) for layer in (outer, inner, flatten)}


def _finds_inputs() -> Claims:
    layer: Any = keras.layers.Flatten(dtype="float32", name=_NAME)
    inputs = [keras.Input((3,), name=_NAME) for _ in range(2)]
    for tensor in inputs:
        layer(tensor)
    found = seams.symbolic_inputs(layer)
    yield [id(tensor) for tensor in found] == [id(tensor) for tensor in inputs]
