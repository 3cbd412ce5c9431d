"""Whether the images of a class hold the same, and other images something else."""

from __future__ import annotations

from functools import reduce

import numpy as np

MOST = 0.75
"""So many of the images of a class hold the same, and so many others something else."""
FLOOR = 0.1
"""Differences of less than this share of the deviation of all values are none."""
FACTOR = 3.0
"""Others are so much farther away."""


def distances(images: np.ndarray, common: np.ndarray) -> np.ndarray:
    """How far each pixel is from what images have in common: the root mean square over the channels.

    Args:
        images: `(n, height, width, channels)`.
        common: `(height, width, channels)`.

    Returns:
        `(n, height, width)`.
    """
    channels = range(images.shape[-1])  # NumPy reduces a short last axis eight times slower
    squares = reduce(np.add, ((images[..., index] - common[..., index]) ** 2 for index in channels))
    return np.asarray(np.sqrt(squares / images.shape[-1]))


def least(values: np.ndarray, share: float) -> np.ndarray:
    """The least value that this share of the rows does not exceed, column by column."""
    position = int(np.ceil(share * len(values))) - 1
    return np.asarray(np.partition(values, position, axis=0)[position])


def distinctness(
    own: np.ndarray, others: np.ndarray, floor: float | np.ndarray, most: float = MOST
) -> np.ndarray:
    """How much farther most other images are from the class than most of its own: above 3 they are set apart.

    Args:
        own: distances of the images of a class from what they have in common, `(m, …)`.
        others: those of the other images, `(k, …)`.
        floor: a distance that is none.
        most: the share of the images of the class.
    """
    return np.asarray(least(others, 1 - MOST) / np.maximum(least(own, most) + floor, 1e-12))
