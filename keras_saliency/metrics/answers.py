"""The answers of the callables that metrics take, checked: scores and maps of images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Scorer = Callable[[np.ndarray], np.ndarray]
"""From images `(n, …)` to `(n,)` scores. Row i is always a version of image i, so a target per image can be kept."""

Explain = Callable[[np.ndarray], np.ndarray]
"""From images `(n, …)` to maps `(n, …)`, row by row as `Scorer`."""


def scores_of(scores: Scorer, images: np.ndarray) -> np.ndarray:
    """The scores, `(n,)` float64.

    Raises:
        ValueError: the callable gave something else than one score per image.
    """
    found = np.asarray(scores(images), np.float64)
    if found.shape != (len(images),):
        raise ValueError(f"Expected scores(images) to be {(len(images),)}. Received: shape={found.shape}")
    return found


def perturbable(images: np.ndarray) -> np.ndarray:
    """The images, if small changes can be added to them.

    Raises:
        ValueError: they are integers, which rounding would change back.
    """
    array = np.asarray(images)
    if array.dtype.kind != "f" or array.ndim < 2:
        raise ValueError(
            "Expected floating images (n, …); small changes of integers are lost in rounding. "
            f"Received: dtype={array.dtype}, shape={array.shape}"
        )
    return array


def ranges(images: np.ndarray) -> np.ndarray:
    """The largest minus the smallest value of each image, shaped to multiply it; 0 for a constant one."""
    axes = tuple(range(1, images.ndim))
    return np.asarray(np.ptp(images.astype(np.float64), axis=axes, keepdims=True))
