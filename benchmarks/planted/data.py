"""Whole data sets: 20,000 digits that differ in size, place and noise, and 4,000 crops of photographs."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.ndimage import zoom

from benchmarks.field.data import Images, photographs
from keras_saliency.demo.digits import SIDE

COUNT, HELD = 20_000, 1_500
CROPS, CROPS_HELD = 667, 150
"""Of each of the six photographs."""
_KEPT = 1_300
"""So many of scikit-learn's digits make the images to train on; the others those that are held out."""
_SIZES = (14, 15, 16, 17)
_INK, _NOISE = 0.25, 0.2
"""Pale, and in noise, so that a mark helps."""


@cache
def images(data: str) -> Images:
    """The images of a data set by its name, without marks."""
    return _digits() if data == "digits" else photographs("cnn", CROPS, CROPS_HELD)


def _digits() -> Images:
    from sklearn.datasets import load_digits

    found, rng = load_digits(), np.random.default_rng(0)
    enlarged = [zoom(found.images / 16, (1, size / 8, size / 8), order=1) for size in _SIZES]
    return Images(
        *_drawn(enlarged, found.target, np.arange(_KEPT), COUNT, rng),
        *_drawn(enlarged, found.target, np.arange(_KEPT, len(found.target)), HELD, rng),
    )


def _drawn(
    enlarged: list[np.ndarray], y: np.ndarray, rows: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """So many images of these rows, each of a size, at a place and with a noise of its own."""
    drawn = np.zeros((count, SIDE, SIDE, 1), "float32")
    chosen = rng.permutation(np.resize(rows, count))
    for image, row in zip(drawn, chosen, strict=True):
        digit = enlarged[rng.integers(len(_SIZES))][row]
        top, left = rng.integers(0, SIDE - len(digit) + 1, 2)
        image[top : top + len(digit), left : left + len(digit), 0] = digit
    noisy = _INK * drawn + _NOISE * rng.normal(size=drawn.shape)
    return np.clip(noisy, 0, 1).astype("float32"), y[chosen]
