"""What a metric is: a function from maps to one number per map, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Metric:
    """A number about maps.

    Attributes:
        name: the name under which the number is logged.
        better: which way is better; `"none"` where the number describes and does not judge.
        function: `function(maps)`, or `function(maps, reference)` where `compares` is true; returns `(n,)`
            float64 values, NaN where a map has no such number. A function whose first parameter is called
            `magnitude` refuses signed maps.
        compares: whether the function needs the maps of another look as a reference.
    """

    name: str
    better: Literal["none", "higher", "lower"]
    function: Callable[..., np.ndarray]
    compares: bool
