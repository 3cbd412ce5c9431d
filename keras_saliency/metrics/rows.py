"""Maps as rows of float64: the one door through which arrays enter the metrics.

A map with a value that is not finite becomes a row of NaN here, so every number of it is NaN and no
arithmetic on infinities ever happens behind this door.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_BLOCK = 2**22
"""Values that are computed with at once: 32 MiB of float64, of which a metric needs some."""
_TOGETHER = 16
"""Rows that a product of matrices may take at once, in an order of its own: blocks of as many keep its last bits."""


def in_blocks(function: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    """`function(*arrays)`, computed for one block of maps after the other.

    What a metric needs beside its maps stays small then, however many there are.

    Args:
        function: gives a number, or a row of them, per map, whatever the other maps are.
        arrays: each `(n, …)`.
    """
    fitting = _BLOCK // max(1, *(math.prod(array.shape[1:]) for array in arrays))
    size = max(1, fitting // _TOGETHER) * _TOGETHER
    starts = range(0, max(1, len(arrays[0])), size)
    return np.concatenate([function(*(array[start : start + size] for array in arrays)) for start in starts])


def as_rows(maps: np.ndarray) -> np.ndarray:
    """The maps flattened, `(n, pixels)` float64; a map that is not finite is all NaN.

    Args:
        maps: `(n, …)` of any float or integer dtype, with at least one pixel per map.

    Raises:
        ValueError: for an array without a pixel axis or without pixels.
    """
    array = np.asarray(maps)
    if array.ndim < 2 or 0 in array.shape[1:]:
        raise ValueError(
            f"Expected maps of shape (n, …), each with at least one pixel. Received: shape={array.shape}"
        )
    rows = array.reshape(len(array), math.prod(array.shape[1:])).astype(np.float64)
    rows[~np.isfinite(rows).all(axis=1)] = np.nan
    return rows


def as_magnitude_rows(magnitude: np.ndarray) -> np.ndarray:
    """`as_rows` of maps that must not be negative.

    Raises:
        ValueError: for a negative value; signed maps would give shares below 0 and above 1.
    """
    rows = as_rows(magnitude)
    if (rows < 0).any():
        raise ValueError(
            "Expected magnitudes, which are never negative; take the absolute value of signed maps first. "
            f"Received: a minimum of {np.nanmin(rows)}"
        )
    return rows


def shares(magnitude: np.ndarray) -> np.ndarray:
    """Each magnitude as a distribution over its pixels, `(n, pixels)`; a row sums to 1.

    NaN for a map that is all zero (it has no distribution) or not finite.
    """
    rows = as_magnitude_rows(magnitude)
    # Divided by the peak first: the sum of large finite values could overflow.
    scaled = quotient(rows, rows.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def spatial_shares(magnitude: np.ndarray) -> np.ndarray:
    """`shares` with the image axes kept, `(n, height, width)`.

    Raises:
        ValueError: for an array that is not `(n, height, width)`.
    """
    return shares(magnitude).reshape(len(magnitude), *image_size(magnitude))


def image_size(maps: np.ndarray) -> tuple[int, int]:
    """Height and width of maps `(n, height, width)`.

    Raises:
        ValueError: for an array of another number of axes.
    """
    shape = np.shape(maps)
    if len(shape) != 3:
        raise ValueError(
            f"Expected maps of shape (n, height, width); reduce the channels first. Received: shape={shape}"
        )
    return shape[1], shape[2]


def varies(rows: np.ndarray) -> np.ndarray:
    """Which rows are not constant, `(n,)` booleans; a row of NaN is not said to vary."""
    return np.asarray(rows.max(axis=1) > rows.min(axis=1))


def check_same_shape(maps: np.ndarray, reference: np.ndarray) -> None:
    """Raises ValueError unless both arrays have one shape; a reference is never broadcast."""
    if np.shape(maps) != np.shape(reference):
        raise ValueError(
            "Expected maps and a reference of the same shape. "
            f"Received: shape={np.shape(maps)}, reference shape={np.shape(reference)}"
        )


def quotient(numerator: np.ndarray | float, denominator: np.ndarray | float) -> np.ndarray:
    """`numerator / denominator`, broadcast; NaN where the denominator is 0."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    result = np.full(shape, np.nan)
    np.divide(numerator, denominator, out=result, where=np.not_equal(denominator, 0))
    return result
