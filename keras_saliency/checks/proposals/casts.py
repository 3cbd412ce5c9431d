"""Casts: colours, brightness or contrast that all of an image has, the same in the images of a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_saliency.checks.proposals.likeness import FACTOR, FLOOR, distinctness

_LEAST_IMAGES = 4
_QUANTILES = (0.1, 0.9)


@dataclass(frozen=True)
class Cast:
    """What sets a class apart as a whole.

    Attributes:
        class_index: which class.
        words: what it is, such as "the share of blue".
        distinctness: see `distinctness`.
    """

    class_index: int
    words: str
    distinctness: float


def cast_of(images: np.ndarray, classes: np.ndarray, class_index: int) -> Cast | None:
    """What most images of a class have as a whole, and most others do not: the strongest of a few numbers.

    The numbers are each channel's share of the brightness, the mean, the deviation, and the tenth and ninetieth
    percentile of all values.

    Args:
        images: `(n, height, width, channels)`.
        classes: of each image.
        class_index: which class.

    Returns:
        None where no number sets the class apart, or there are fewer than four images of it.
    """
    own = classes == class_index
    if own.sum() < _LEAST_IMAGES or own.all():
        return None
    found = [_apart(words, values, own) for words, values in _numbers(images).items()]
    strongest = max(found, key=lambda item: item[0])
    return Cast(int(class_index), strongest[1], strongest[0]) if strongest[0] > FACTOR else None


def _apart(words: str, values: np.ndarray, own: np.ndarray) -> tuple[float, str]:
    others = values[~own]
    spread = float(np.median(abs(others - np.median(others)))) + 1e-6 * float(abs(values).max())
    distances = abs(values - np.median(values[own]))
    return float(distinctness(distances[own], distances[~own], FLOOR * spread)), words


def _numbers(images: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of each image, by what they are."""
    mean = images.mean((1, 2, 3))
    low, high = np.quantile(images, _QUANTILES, axis=(1, 2, 3))
    numbers = {
        "the brightness": mean,
        "the contrast": images.std((1, 2, 3)),
        "the dark values": low,
        "the bright values": high,
    }
    count = images.shape[-1]
    if count == 1:
        return numbers
    positive = images.min() >= 0
    names = ("red", "green", "blue") if count == 3 else tuple(f"channel {index}" for index in range(count))
    for index, name in enumerate(names):
        own = images[..., index].mean((1, 2))
        numbers[f"the share of {name}"] = own / np.maximum(mean, 1e-12) if positive else own - mean
    return numbers
