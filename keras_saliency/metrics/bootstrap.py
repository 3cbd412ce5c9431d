"""How sure the mean of a number over images is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_saliency.arguments import real, whole


@dataclass(frozen=True)
class Interval:
    """A mean over images, and the interval that its bootstrap covers.

    Attributes:
        mean: the mean of the values that there are; NaN where there are none.
        low: lower end; NaN for fewer than two values.
        high: upper end.
        count: how many values there are.
    """

    mean: float
    low: float
    high: float
    count: int


def mean_interval(
    values: np.ndarray, rng: np.random.Generator, *, level: float = 0.95, resamples: int = 2000
) -> Interval:
    """The mean of one number per image, and its percentile bootstrap interval (Efron 1979).

    Images are drawn with replacement: the interval says how much the mean would move with other images of the
    same kind, not with another training. It is too narrow for few images: one of 0.95 covers 0.86 to 0.90 at
    ten images and 0.92 to 0.95 at forty (measured on exponential and on normal values). Costs `resamples`
    means of `n` numbers.

    Args:
        values: `(n,)`; a NaN, the number of a map that has none, is left out.
        rng: a private generator; the same one gives the same interval.
        level: how much of the bootstrap means lies inside, between 0 and 1.
        resamples: how often images are drawn.

    Raises:
        ValueError: for values that are not `(n,)` or infinite, and options out of range.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or np.isinf(array).any():
        raise ValueError(f"Expected finite values (n,), or NaN for none. Received: {array!r}")
    level, resamples = real("level", level, above=0, below=1), whole("resamples", resamples, 1)
    known = array[~np.isnan(array)]
    if len(known) < 2:
        mean = float(known[0]) if len(known) else np.nan
        return Interval(mean, np.nan, np.nan, len(known))
    means = known[rng.integers(0, len(known), (resamples, len(known)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(known.mean()), float(low), float(high), len(known))
