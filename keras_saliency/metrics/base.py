"""What a metric is: a function from maps to one number per map, what the number means, and which way is better."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

_DIRECTIONS = {
    "none": "Neither way is better.",
    "higher": "Higher is better.",
    "lower": "Lower is better.",
}


@dataclass(frozen=True)
class Metric:
    """A number about maps.

    Attributes:
        name: the name under which the number is logged.
        function: returns `(n,)` float64 values, NaN where a map has no such number. `needs` are its arguments.
        description: what the number is, its range, and what the ends of the range mean, in plain English.
        better: which way is better; `"none"` where the number describes and does not judge.
        source: who defined it; "ours" where we know of none.
        cost: what it costs per map, in words.

    Example:
        >>> metric = metrics.METRICS["entropy"]
        >>> metric.needs, metric.better
        (('magnitude',), 'none')
    """

    name: str
    function: Callable[..., np.ndarray]
    description: str
    better: Literal["none", "higher", "lower"] = "none"
    source: str = "ours"
    cost: str = "one pass over the pixels"

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The names of the arguments that the function cannot do without, in order.

        The first is what is measured: `maps` with their sign, the `magnitude` (never negative), or maps as
        `ranked` by `ranks`. Then the same of another look: the one before as `reference`, the `first` one; a
        `region` of pixels; the `images`; `scores`, a callable from images to `(n,)` scores; `explain`, a
        callable from images to maps; a generator of random numbers, `rng`.
        """
        parameters = inspect.signature(self.function).parameters.values()
        return tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)

    @property
    def compares(self) -> bool:
        """Whether the function needs the maps of another look."""
        return not {"reference", "first"}.isdisjoint(self.needs)

    @property
    def direction(self) -> str:
        """Which way is better, as a sentence."""
        if self.better == "none" and "region" in self.needs:
            return "Which way is better depends on the region."
        return _DIRECTIONS[self.better]
