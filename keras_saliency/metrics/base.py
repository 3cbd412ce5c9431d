"""What a metric is: a function from maps to one number per map, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Need = Literal["reference", "region", "images", "scores", "explain", "rng"]


@dataclass(frozen=True)
class Metric:
    """A number about maps.

    Attributes:
        name: the name under which the number is logged.
        better: which way is better; `"none"` where the number describes and does not judge.
        function: `function(maps, …)` with `needs` behind the maps; returns `(n,)` float64 values, NaN where a
            map has no such number. A function whose first parameter is called `magnitude` refuses signed maps.
        needs: what else the function takes, in this order: the maps of another look as a `reference`; a
            `region` of pixels; the `images`; `scores`, a callable from images to `(n,)` scores; `explain`, a
            callable from images to maps; a generator of random numbers, `rng`.
        source: who defined it; "ours" where we know of none.
        cost: what it costs per map, in words.
    """

    name: str
    better: Literal["none", "higher", "lower"]
    function: Callable[..., np.ndarray]
    needs: tuple[Need, ...] = ()
    source: str = "ours"
    cost: str = "one pass over the pixels"

    @property
    def compares(self) -> bool:
        """Whether the function needs the maps of another look as a reference."""
        return "reference" in self.needs
