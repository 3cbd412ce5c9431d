"""How strong a map is and how its magnitude spreads over the pixels: one number per map."""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from keras_saliency.metrics.rows import as_rows, quotient, shares


def mean_magnitude(maps: np.ndarray) -> np.ndarray:
    """The mean absolute value of each map, `(n,)`, at least 0, in the unit of the maps.

    Args:
        maps: `(n, …)`, signed or not.

    Returns:
        0 for an all-zero map; NaN for a map with a value that is not finite. Neither direction is better.

    Example:
        >>> metrics.mean_magnitude(np.array([[-1.0, 3.0]])).tolist()
        [2.0]
    """
    rows = as_rows(maps)
    # Divided before the sum, which could overflow.
    return np.asarray((np.abs(rows) / rows.shape[1]).sum(axis=1))


def entropy(magnitude: np.ndarray) -> np.ndarray:
    """Shannon's entropy of each magnitude as a distribution ÷ log(pixels), `(n,)` in 0 … 1 (Shannon 1948).

    Args:
        magnitude: `(n, …)`, not negative.

    Returns:
        0 for a map with one pixel that is not zero, 1 for a constant one. NaN for an all-zero map (it has no
        distribution), for one with a value that is not finite, and for maps of one pixel. Neither direction
        is better.

    Raises:
        ValueError: where a value is negative.

    Example:
        >>> metrics.entropy(np.array([[0.0, 5.0], [1.0, 1.0]])).tolist()
        [0.0, 1.0]
    """
    distribution = shares(magnitude)
    ratio = quotient(entr(distribution).sum(axis=1), np.log(distribution.shape[1]))
    return np.asarray(np.clip(ratio, 0.0, 1.0))


def gini(magnitude: np.ndarray) -> np.ndarray:
    """The Gini index of each magnitude, `(n,)`: 0 is flat, 1 is all in one pixel.

    Hurley & Rickard 2009 (arXiv:0811.4706) reach 1 − 1/pixels at most; multiplied by pixels / (pixels − 1),
    one pixel gives exactly 1 at every size of map.

    Args:
        magnitude: `(n, …)`, not negative.

    Returns:
        0 … 1. NaN for an all-zero map (it has no distribution), for one with a value that is not finite, and
        for maps of one pixel. Neither direction is better.

    Raises:
        ValueError: where a value is negative.

    Example:
        >>> metrics.gini(np.array([[0.0, 5.0], [1.0, 1.0]])).tolist()
        [1.0, 0.0]
    """
    ascending = np.sort(shares(magnitude), axis=1)
    pixels = ascending.shape[1]
    weights = 2.0 * np.arange(1, pixels + 1) - pixels - 1
    ratio = quotient((weights * ascending).sum(axis=1), pixels - 1)
    return np.asarray(np.clip(ratio, 0.0, 1.0))


def zero_fraction(maps: np.ndarray) -> np.ndarray:
    """The share of exactly zero values in each map, `(n,)` in 0 … 1.

    Args:
        maps: `(n, …)`, signed or not.

    Returns:
        1 for an all-zero map; NaN for a map with a value that is not finite. Neither direction is better.

    Example:
        >>> metrics.zero_fraction(np.array([[0.0, 0.0, 0.0, 5.0]])).tolist()
        [0.75]
    """
    rows = as_rows(maps)
    return np.where(np.isnan(rows[:, 0]), np.nan, (rows == 0).mean(axis=1))
