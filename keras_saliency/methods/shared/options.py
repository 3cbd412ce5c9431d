"""Checks of options that several methods have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def is_real(value: Any) -> bool:
    """Whether this is a finite number."""
    numeric = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return numeric and math.isfinite(value)


def is_whole(value: Any) -> bool:
    """Whether this is an integer."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_count(name: str, value: Any) -> None:
    """Raise unless the option of that name is a positive integer."""
    if not is_whole(value) or value < 1:
        raise ValueError(f"Expected {name} to be a positive integer. Received: {name}={value!r}")


def check_noise(noise: Any) -> None:
    """Raise unless noise is a fraction."""
    if not is_real(noise) or noise < 0:
        raise ValueError(
            "Expected noise to be a standard deviation as a fraction of each image's range, 0 or more. "
            f"Received: noise={noise!r}"
        )


def check_tolerance(tolerance: Any) -> None:
    """Raise unless a tolerance is None or a fraction above 0."""
    if tolerance is not None and (not is_real(tolerance) or tolerance <= 0):
        raise ValueError(
            f"Expected tolerance to be a fraction above 0, or None. Received: tolerance={tolerance!r}"
        )
