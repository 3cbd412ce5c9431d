"""The one rule by which every picture of a map is scaled."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILE = 0.995

SCALE_RULE = (
    "each map is divided by its own 99.5 % quantile of |map| (by its maximum where that is 0), clipped to ±1"
)
"""What every sheet says about its colours."""


def scales(maps: NDArray[Any]) -> NDArray[Any]:
    """The divisor of each map, `(n,)`: the 99.5 % quantile of |map|, or the maximum where that is 0.

    It is 0 for a map that is all zero. Values that are not finite do not count.
    """
    magnitudes = np.abs(_flat(maps))
    finite = np.isfinite(magnitudes)
    if finite.all():
        return _scales(magnitudes)
    of_each = (row[mask] for row, mask in zip(magnitudes, finite, strict=True))
    return np.array([_scales(row[np.newaxis])[0] for row in of_each], magnitudes.dtype)


def normalize(maps: NDArray[Any]) -> NDArray[Any]:
    """The maps by `SCALE_RULE`, same shape, in [-1, 1] (signed) or [0, 1] (unsigned).

    Zero stays exactly zero, so it is the middle of a diverging scale. What is not finite becomes NaN, for the
    colour maps to mark.
    """
    flat = _flat(maps)
    divisors = scales(maps)
    with np.errstate(over="ignore"):  # a tiny quantile: what overflows is clipped
        scaled = flat / np.where(divisors == 0, 1, divisors)[:, np.newaxis]
    clipped = np.where(np.isfinite(flat), np.clip(scaled, -1, 1), np.nan)
    return np.reshape(clipped, np.shape(maps))


def _scales(magnitudes: NDArray[Any]) -> NDArray[Any]:
    if magnitudes.shape[1] == 0:
        return np.zeros(len(magnitudes), magnitudes.dtype)
    quantiles = np.quantile(magnitudes, QUANTILE, axis=1).astype(magnitudes.dtype)
    return np.asarray(np.where(quantiles == 0, magnitudes.max(axis=1), quantiles))


def _flat(maps: NDArray[Any]) -> NDArray[Any]:
    values = np.asarray(maps)
    if values.ndim < 2 or np.iscomplexobj(values):
        raise ValueError(f"Expected real maps (n, height, width). Received: maps.shape={values.shape}")
    return values.reshape(len(values), -1).astype(np.result_type(values.dtype, np.float32), copy=False)
