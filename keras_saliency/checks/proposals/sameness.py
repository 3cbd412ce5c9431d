"""Places of any shape where the images of a class hold the same, and other images something else."""

from __future__ import annotations

import numpy as np

from keras_saliency.checks.proposals.likeness import FACTOR, FLOOR, distances, distinctness
from keras_saliency.checks.proposals.place import Place, pieces_of

_SPECK = 0.005
LEAST_IMAGES = 3


def same_content(
    images: np.ndarray, magnitude: np.ndarray, classes: np.ndarray, class_index: int, times: float = FACTOR
) -> Place | None:
    """The place where most images of a class hold nearly the same, which most images of other classes do not.

    A pixel belongs to it if three quarters of the other images are at least three times as far from the median of
    the class as three quarters of its own images, plus a tenth of the deviation of all values. Objects vary within
    a class, or are like those of others: on sound models nothing or little is found. Pieces of less than half a
    percent of the image are left out.

    Args:
        images: `(n, height, width, channels)`.
        magnitude: the maps, `(n, height, width)`.
        classes: of each image.
        class_index: which class.
        times: how many times as far the others are, in the place of three.

    Returns:
        The place; what other images hold there on average (the median) is what takes its content's place. None
        where there is none, or fewer than three images of the class.
    """
    own = classes == class_index
    if own.sum() < LEAST_IMAGES or own.all():
        return None
    apart = distances(images, np.median(images[own], axis=0))
    mask = distinctness(apart[own], apart[~own], FLOOR * images.std(dtype="float64")) > times
    smallest = max(3, _SPECK * mask.size)
    kept = [piece for piece in pieces_of(mask) if piece.sum() >= smallest]
    if not kept:
        return None
    mask = np.any(kept, axis=0)
    holders = own & (np.median(apart[:, mask], axis=1) < np.median(apart[~own][:, mask]) / FACTOR)
    usual = np.median(images[~own], axis=0)
    return Place(mask, _heat(magnitude[own], mask), int(class_index), usual, holders)


def _heat(magnitude: np.ndarray, mask: np.ndarray) -> float:
    total = magnitude.mean((1, 2), dtype="float64")
    present = total > 0
    if not present.any():
        return float("nan")
    return float(np.median(magnitude[present][:, mask].mean(1, dtype="float64") / total[present]))
