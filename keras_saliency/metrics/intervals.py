"""How sure the mean of a number over images is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True)
class Interval:
    """A mean over images, and its confidence interval.

    Attributes:
        mean: the mean of the values that there are; NaN where there are none.
        low: lower end; NaN for fewer than two values.
        high: upper end.
        count: how many values there are.

    Example:
        >>> interval = metrics.mean_interval(np.array([0.0, 1.0, 0.0, 1.0]))
        >>> interval.low < interval.mean < interval.high, interval.mean
        (True, 0.5)
    """

    mean: float
    low: float
    high: float
    count: int


def mean_interval(values: np.ndarray, *, level: float = 0.95) -> Interval:
    """The mean of one number per image, and its interval by Student's t (Student 1908).

    The interval says how much the mean would move with other images of the same kind, not with another
    training. It is exact for normal values. Where values are skewed and few it is too narrow: see
    `docs/metrics.md` for the coverage measured.

    Args:
        values: `(n,)`; a NaN, the number of a map that has none, is left out.
        level: in what share of all cases the interval covers the true mean, between 0 and 1.

    Returns:
        An interval of width zero for values that are all equal.

    Raises:
        ValueError: for values that are not `(n,)` or infinite, and a level out of range.

    Example:
        >>> metrics.mean_interval(np.array([2.0, 2.0, np.nan]))
        Interval(mean=2.0, low=2.0, high=2.0, count=2)
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or np.isinf(array).any():
        raise ValueError(f"Expected finite values (n,), or NaN for none. Received: {array!r}")
    if not 0 < level < 1:
        raise ValueError(f"Expected a level between 0 and 1. Received: level={level!r}")
    known = array[~np.isnan(array)]
    count = len(known)
    mean = float(known.mean()) if count else np.nan
    if count < 2:
        return Interval(mean, np.nan, np.nan, count)
    half = float(stdtrit(count - 1, (1 + level) / 2) * known.std(ddof=1) / np.sqrt(count))
    return Interval(mean, mean - half, mean + half, count)
