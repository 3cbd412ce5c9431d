"""Where along a path from 0 to 1 a function is evaluated to integrate it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Quadrature = Literal["midpoint", "trapezoid", "gauss_legendre"]
QUADRATURES: tuple[Quadrature, ...] = get_args(Quadrature)
FEWEST_STEPS = 4


@dataclass(frozen=True)
class Refinement:
    """Points to add to those of the stages before.

    The integral is the sum of weight × value over all points so far, divided by `total`.
    """

    positions: np.ndarray
    weights: np.ndarray
    total: float


def stages(quadrature: Quadrature, steps: int, *, refine: bool) -> list[Refinement]:
    """`steps` points at once, or, to `refine`, stages of ever more points that together are at most `steps`.

    Refined, the midpoints of three times as many intervals, or the ends of twice as many, hold those before.
    """
    if quadrature == "midpoint":
        return _midpoints(_sizes(steps, 3) if refine else [steps])
    if quadrature == "trapezoid":
        return _ends(_sizes(steps - 1, 2) if refine else [steps - 1])
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return [Refinement((nodes + 1) / 2, weights / 2, 1.0)]


def _sizes(most: int, factor: int) -> list[int]:
    """Numbers of intervals, each `factor` times the one before, from few to nearly the most."""
    sizes = [most]
    while sizes[0] // factor >= FEWEST_STEPS:
        sizes.insert(0, sizes[0] // factor)
    return [sizes[0] * factor**power for power in range(len(sizes))]


def _midpoints(sizes: list[int]) -> list[Refinement]:
    found = []
    for number, size in enumerate(sizes):
        middles = np.arange(size)
        if number:
            middles = middles[middles % 3 != 1]  # the others are the midpoints of the stage before
        found.append(Refinement((middles + 0.5) / size, np.ones(len(middles)), float(size)))
    return found


def _ends(sizes: list[int]) -> list[Refinement]:
    found = []
    for number, size in enumerate(sizes):
        ends = np.arange(1, size, 2) if number else np.arange(size + 1)  # even ones are in the stage before
        weights = np.where((ends == 0) | (ends == size), 0.5, 1.0)
        found.append(Refinement(ends / size, weights, float(size)))
    return found
