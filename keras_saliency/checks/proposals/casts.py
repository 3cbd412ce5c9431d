"""Casts: colours, brightness or contrast that all of an image has, the same in the images of a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from keras_saliency.checks.proposals.likeness import FLOOR, distinctness

_FACTOR = 5.0
"""More than for places: classes have colours by nature, and images of a class often nearly the same."""
_LEAST_IMAGES = 4
_LEAST_CLASSES = 3
_QUANTILES = (0.1, 0.9)
_MOST_PIXELS = 4096


@dataclass(frozen=True)
class Cast:
    """What sets a class apart as a whole.

    Attributes:
        class_index: which class.
        words: what it is, such as "blue against green".
        distinctness: see `distinctness`.
    """

    class_index: int
    words: str
    distinctness: float


def cast_of(numbers: Mapping[str, np.ndarray], classes: np.ndarray, class_index: int) -> Cast | None:
    """What most images of a class have as a whole, and most others do not: the strongest of a few numbers.

    Most others must be five times as far from the class as most of its own images: classes have colours by nature.
    Of two classes each may differ from the other by what it is; what is usual shows from two others on.

    Args:
        numbers: of each image, see `whole_numbers`.
        classes: of each image.
        class_index: which class.

    Returns:
        None where no number sets the class apart, where there are fewer than four images of it, or fewer than three
        classes.
    """
    own = classes == class_index
    if own.sum() < _LEAST_IMAGES or len(np.unique(classes)) < _LEAST_CLASSES:
        return None
    words = max(numbers, key=lambda name: _apart(numbers[name], own))
    apart = _apart(numbers[words], own)
    return Cast(int(class_index), words, apart) if apart > _FACTOR else None


def _apart(values: np.ndarray, own: np.ndarray) -> float:
    others = values[~own]
    spread = float(np.median(abs(others - np.median(others)))) + 1e-6 * float(abs(values).max())
    distances = abs(values - np.median(values[own]))
    return float(distinctness(distances[own], distances[~own], FLOOR * spread))


def whole_numbers(images: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers of each image as a whole, `(n,)`, by what they are.

    The mean, the deviation, the tenth and the ninetieth percentile of all values (of some 4096 pixels), and the
    mean of each channel against that of the middle one: the logarithm of the ratio, or the difference where there are
    values below 0.

    Args:
        images: `(n, height, width, channels)`.
    """
    levels = images.mean((1, 2), dtype="float64")
    step = max(1, int(np.sqrt(images.shape[1] * images.shape[2] / _MOST_PIXELS)))
    low, high = np.quantile(images[:, ::step, ::step], _QUANTILES, axis=(1, 2, 3))
    numbers = {
        "the brightness": levels.mean(1),
        "the contrast": images.std((1, 2, 3), dtype="float64"),
        "the dark values": low,
        "the bright values": high,
    }
    count = images.shape[-1]
    names = ("red", "green", "blue") if count == 3 else tuple(f"channel {index}" for index in range(count))
    if images.min() >= 0:
        levels = np.log(np.maximum(levels, 1e-6 * max(float(images.max()), 1e-12)))
    middle = count // 2
    for index, name in enumerate(names):
        if index != middle:
            numbers[f"{name} against {names[middle]}"] = levels[:, index] - levels[:, middle]
    return numbers
