"""Gradients of models that compute in float16, without overflow and with little underflow.

Small gradients vanish in float16 (below 6e-8) and large ones overflow (above 65504). The output gradient is
scaled by a power of two per example, raised or lowered until the gradient fits, and the scale is undone in
float32. The scale starts afresh at every call: the same images give the same maps, in any batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_saliency.engine.seams import layers_throughout

START = 2.0**8
HIGHEST = 2.0**15  # the largest power of two that float16 holds
WANTED_PEAK = 2.0**8
LOWERINGS = 4


def computes_in_float16(model: Any) -> bool:
    """Whether any layer of the model computes in float16 (bfloat16 has the range of float32)."""
    return any(layer.compute_dtype == "float16" for layer in layers_throughout(model))


def scaled_gradients(gradients_at: Callable[[np.ndarray], list[np.ndarray]], count: int) -> list[np.ndarray]:
    """The gradients of `count` examples; `gradients_at(scale)` gives them for scaled output gradients.

    Costs two evaluations as a rule: one to see how large the gradients are, one at the better scale.
    """
    scale = np.full(count, START, "float32")
    gradients = _unscaled(gradients_at(scale), scale)
    for _ in range(LOWERINGS):
        overflowed = ~np.isfinite(_peaks(gradients))
        if not overflowed.any():
            break
        scale = np.where(overflowed, scale / 64, scale)
        gradients = _unscaled(gradients_at(scale), scale)
    raised = _raised(scale, _peaks(gradients) * scale)
    if (raised == scale).all():
        return gradients
    finer = _unscaled(gradients_at(raised), raised)
    fits = np.isfinite(_peaks(finer))
    return [np.where(_per_row(fits, g), f, g) for f, g in zip(finer, gradients, strict=True)]


def _raised(scale: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """The scale at which the largest value of each example comes near the wanted peak; never a lower one."""
    with np.errstate(divide="ignore"):
        room = np.where(np.isfinite(peaks), 2.0 ** np.floor(np.log2(WANTED_PEAK / peaks)), 1.0)
    raised: np.ndarray = np.clip(scale * room, scale, np.maximum(scale, HIGHEST)).astype("float32")
    return raised


def _peaks(gradients: list[np.ndarray]) -> np.ndarray:
    """The largest absolute value of each example, infinite where a value is not finite."""
    peaks = np.max([np.abs(g).reshape(len(g), -1).max(1) for g in gradients], axis=0)
    return np.where(np.isfinite(peaks), peaks, np.inf)


def _unscaled(gradients: list[np.ndarray], scale: np.ndarray) -> list[np.ndarray]:
    return [g / _per_row(scale, g) for g in gradients]


def _per_row(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    return values.reshape(-1, *[1] * (like.ndim - 1))
