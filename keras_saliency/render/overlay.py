"""A map over its input, so that both can be read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_saliency.render.colormaps import sequential

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
_DIMMED = 0.62
_OPACITY = 0.95
_RISE = 0.75


def overlay(pictures: NDArray[np.uint8], magnitudes: NDArray[Any]) -> NDArray[np.uint8]:
    """Magnitudes in [0, 1] as colour over the greyed pictures, `(n, h, w, 3)`; both have the same size.

    The input is grey and dimmed, so every colour is the map's. The map is the more opaque the larger it is:
    where it is 0 only the input is seen. What is not finite is opaque.
    """
    if pictures.shape[:3] != magnitudes.shape:
        raise ValueError(
            "Expected pictures and magnitudes of the same number and size. "
            f"Received: pictures.shape={pictures.shape}, magnitudes.shape={magnitudes.shape}"
        )
    grey = (pictures.astype(np.float32) @ _LUMINANCE * _DIMMED)[..., np.newaxis]
    finite = np.isfinite(magnitudes)
    shares = np.clip(np.where(finite, magnitudes, 0), 0, 1) ** _RISE
    opacity = np.where(finite, shares * _OPACITY, 1).astype(np.float32)[..., np.newaxis]
    blended = grey + opacity * (sequential(magnitudes) - grey)
    return np.array(np.rint(blended), np.uint8)
