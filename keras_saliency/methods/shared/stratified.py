"""Random numbers that are spread evenly."""

from __future__ import annotations

import numpy as np

EDGE = 2.0**-24
"""What float32 tells from 1 lies this far below it."""


def latin_hypercube(count: int, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """`(count, *shape)` float64 numbers spread evenly between 0 and 1 at every place (McKay et al. 1979).

    As float32 too they are never 0 or 1. At each place one of the `count` numbers lies in each of `count` equal
    intervals, in an order of its own. A mean over them is that over independent numbers in the limit, and misses it by
    less: all that is a sum of functions of single places hardly adds to its error (Stein 1987,
    doi:10.1080/00401706.1987.10488205).
    """
    places = int(np.prod(shape))
    intervals = rng.permuted(np.tile(np.arange(count), (places, 1)), axis=1)
    numbers = (intervals.T + rng.random((count, places))) / count
    return np.clip(numbers, EDGE, 1 - EDGE).reshape(count, *shape)
