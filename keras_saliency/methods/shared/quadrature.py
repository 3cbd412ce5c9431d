"""Where along a path from 0 to 1 a function is evaluated to integrate it."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

Quadrature = Literal["midpoint", "trapezoid", "gauss_legendre"]
QUADRATURES: tuple[Quadrature, ...] = get_args(Quadrature)

FEWEST = 9
"""Points that every image takes: the ends of eight intervals."""
_AT_ONCE = 4
_SHORTEST = 2.0**-16


def points_and_weights(quadrature: Quadrature, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of so many steps, and what the function counts there; the weights sum to 1."""
    if quadrature == "midpoint":
        return (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)
    if quadrature == "trapezoid":
        points = np.linspace(0, 1, steps)
        return points, trapezoid(points)
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return (nodes + 1) / 2, weights / 2


def trapezoid(points: np.ndarray) -> np.ndarray:
    """What the function counts at the ends of intervals: half of the lengths beside each."""
    halves = np.diff(points) / 2
    return np.asarray(np.append(halves, 0) + np.append(0, halves))


def next_points(points: np.ndarray, misses: np.ndarray, most: int) -> np.ndarray:
    """The middles of the intervals that are to be halved next, at most `most`.

    Those where most is missed, and the longest: an interval counts by its share of all that is missed plus its length.
    What is missed shows where the function bends most; but maps also change where their sum does not.

    Args:
        points: from 0 to 1, growing.
        misses: by how much the integral over each interval is wrong.
        most: how many more may be taken.
    """
    lengths, sizes = np.diff(points), np.abs(misses)
    weights = np.where(lengths > _SHORTEST, sizes / sizes.sum() + lengths, 0.0)
    count = min(most, max(_AT_ONCE, len(points) // 16), int((weights > 0).sum()))
    chosen = np.argsort(-weights, kind="stable")[:count]
    return points[chosen] + lengths[chosen] / 2
