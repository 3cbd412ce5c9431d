"""Checks of options that several methods have."""

from __future__ import annotations

from typing import Any

from keras_saliency.arguments import is_real


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
