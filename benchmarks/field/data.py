"""Images whose class can be told without a mark, but not easily: handwritten digits, and crops of photographs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import zoom

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "immunohistochemistry", "retina", "stereo_motorcycle")
"""Of scikit-image; each is a class."""
SIDES = {"cnn": 24, "residual": 24, "vit": 24, "lite0": 64}
_NOISE = {"digits": 0.4, "cnn": 0.07, "residual": 0.07, "vit": 0.07, "lite0": 0.2}
_COLOUR, _WINDOW = 0.45, 48


@dataclass(frozen=True)
class Images:
    """Images to train on, and others to ask about: `(n, height, width, channels)` from 0 to 1, and their classes."""

    x: np.ndarray
    y: np.ndarray
    x_held: np.ndarray
    y_held: np.ndarray

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.y.max()) + 1


@cache
def digits(network: str) -> Images:
    """scikit-learn's digits, as the demo has them: 20 × 20, grey, and here in noise."""
    del network
    from keras_saliency.demo import digits as demo

    data, rng, noise = demo.load("clean"), np.random.default_rng(0), _NOISE["digits"]
    return Images(
        _noisy(data.x, rng, noise), data.y, _noisy(data.x_validation, rng, noise), data.y_validation
    )


@cache
def photographs(network: str, each: int = 250, held: int = 60, seed: int = 0) -> Images:
    """Small crops of scikit-image's photographs, noisy and nearly grey; the class is the photograph."""
    from skimage import data

    side, rng = SIDES[network], np.random.default_rng(seed)
    x, y = [], []
    for index, name in enumerate(PHOTOGRAPHS):
        found = getattr(data, name)()
        picture = (found[0] if isinstance(found, tuple) else found)[..., :3] / np.float32(255)
        x.append(
            np.stack([_noisy(_crop(picture, side, rng), rng, _NOISE[network]) for _ in range(each + held)])
        )
        y.append(np.full(each + held, index))
    images, labels = np.stack(x), np.stack(y)
    training = [_flat(images[:, :each]), _flat(labels[:, :each])]
    return Images(*training, _flat(images[:, each:]), _flat(labels[:, each:]))


DATA: dict[str, Callable[[str], Images]] = {"digits": digits, "photographs": photographs}


def _crop(picture: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    top, left = (int(rng.integers(0, length - _WINDOW + 1)) for length in picture.shape[:2])
    window = picture[top : top + _WINDOW, left : left + _WINDOW]
    small = zoom(window, (side / _WINDOW, side / _WINDOW, 1), order=1)
    grey = small.mean(2, keepdims=True)
    level = rng.uniform(0.35, 0.65) - grey.mean()  # of the same brightness, whatever the photograph
    return grey + _COLOUR * (small - grey) + level


def _noisy(images: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    return np.clip(images + noise * rng.normal(size=images.shape), 0, 1).astype("float32")


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, *values.shape[2:])
