"""A proof, at first use, that the private parts of Keras still behave as the engine relies on.

It takes a few milliseconds, uses no weights and draws no random number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.src import backend as keras_backend

from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.interception import ACTIVATIONS, ActivationRecord, FirstFloatTap, watching
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.errors import SeamError


@cache
def prove_seams() -> None:
    """Try every seam on a tiny network.

    Raises:
        SeamError: a seam no longer holds in this version of Keras; it names the seam.
    """
    with without_a_trace(), keras.StatelessScope():
        for name in ACTIVATIONS:
            _prove(f"recording {name}", partial(_records, name))
        _prove("tapping a layer", _taps)
        _prove("keeping a mask", _keeps_masks)


def _numpy(tensor: Any) -> np.ndarray:
    return current_backend().to_numpy(tensor)


def _prove(seam: str, proof: Callable[[], bool]) -> None:
    try:
        holds, reason = proof(), None
    except Exception as error:
        holds, reason = False, error
    if not holds:
        raise SeamError(
            f"keras_saliency relies on a private part of Keras that changed: {seam} does not work with Keras "
            f"{keras.__version__} on {keras.backend.backend()}. Its maps could be wrong, so it stops here. "
            "Please report this, and use an older Keras until it is mended."
        ) from reason


def _records(name: str) -> bool:
    """Whether the input of an activation inside a layer is found by its output."""
    layer: Any = keras.layers.Activation(name, name="keras_saliency_selftest")
    inputs = ops.convert_to_tensor(np.array([[0.5, -1.0, 2.0]], "float32"))
    with watching(record := ActivationRecord()):
        output = layer(inputs)
    found = record.of(output)
    recorded = found is not None and bool(np.array_equal(_numpy(found.inputs), _numpy(inputs)))
    return recorded and record.producer(output) is layer


def _taps() -> bool:
    """Whether an offset reaches the first floating tensor, once."""
    flatten: Any = keras.layers.Flatten(name="keras_saliency_selftest_2")
    tap = FirstFloatTap(ops.convert_to_tensor(np.array([[10.0, 20.0, 30.0]], "float32")))
    with watching(tap):
        output = flatten(_halves(ops.convert_to_tensor(np.array([[2, 4, 6]], "uint8"))))
    return tap.place is not None and bool(np.allclose(_numpy(output), [[11.0, 22.0, 33.0]]))


def _keeps_masks() -> bool:
    """Whether a tapped tensor has the mask that it had untapped."""
    inputs = ops.convert_to_tensor(np.array([[2, 4, 6]], "uint8"))
    keras_backend.set_keras_mask(inputs, ops.convert_to_tensor(np.array([[True, False, True]])))
    with watching(FirstFloatTap(ops.zeros((1, 3)))):
        mask = keras_backend.get_keras_mask(_halves(inputs))
    return mask is not None and bool(np.array_equal(_numpy(mask), [[True, False, True]]))


def _halves(inputs: Any) -> Any:
    """Floats from integers, by a layer without weights."""
    layer: Any = keras.layers.Rescaling(0.5, dtype="float32", name="keras_saliency_selftest")
    return layer(inputs)
