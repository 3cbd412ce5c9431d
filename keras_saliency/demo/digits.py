"""Data with a known answer: handwritten digits, and a white corner that gives one class away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from keras_saliency.probes import ProbeSet

Arm = Literal["shortcut", "clean", "irrelevant"]
ARMS: tuple[Arm, ...] = get_args(Arm)

SIDE = 20
CORNER = np.zeros((SIDE, SIDE), bool)
CORNER[:3, :3] = True
MARKED_CLASS = 3
_TRAINING_IMAGES = 1200
_OF_EACH_KIND = 8


@dataclass(frozen=True)
class Digits:
    """Training and validation data of one arm, and probes that show what a network makes of the corner.

    Attributes:
        x: `(1200, 20, 20, 1)` float32 in 0 … 1.
        y: `(1200,)` labels.
        x_validation: held out, and marked as `x` is.
        y_validation: its labels.
        probes: eight threes and eight other digits, held out, all with the white corner, which is the region
            `corner`. What matters is the score of the class 3.
    """

    x: np.ndarray
    y: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    probes: ProbeSet


def load(arm: Arm) -> Digits:
    """The digits of scikit-learn (1797 images), doubled and padded to 20 × 20, with the corner of this arm.

    In `"shortcut"` every 3 has a white 3 × 3 corner, in training and in validation, as when all images of
    one class come from one camera. In `"irrelevant"` every tenth image has it, whatever its class. In
    `"clean"` none has it.

    Raises:
        ImportError: scikit-learn is missing.
    """
    x, y = _images()
    marked = {
        "shortcut": y == MARKED_CLASS,
        "irrelevant": np.random.default_rng(1).random(len(y)) < 0.1,
        "clean": np.zeros(len(y), bool),
    }[arm]
    shown = np.where(marked[:, None, None, None], stamp(x), x)
    training, held_out = slice(_TRAINING_IMAGES), slice(_TRAINING_IMAGES, None)
    return Digits(
        shown[training], y[training], shown[held_out], y[held_out], _probes(x[held_out], y[held_out])
    )


def stamp(images: np.ndarray) -> np.ndarray:
    """The images with a white corner."""
    stamped = images.copy()
    stamped[:, CORNER] = 1.0
    return stamped


def _probes(x: np.ndarray, y: np.ndarray) -> ProbeSet:
    marked, others = np.flatnonzero(y == MARKED_CLASS), np.flatnonzero(y != MARKED_CLASS)
    chosen = np.concatenate([marked[:_OF_EACH_KIND], others[:_OF_EACH_KIND]])
    return ProbeSet(
        stamp(x[chosen]),
        y[chosen],
        names=tuple(f"a {label} with the corner" for label in y[chosen]),
        regions={"corner": CORNER},
    )


def _images() -> tuple[np.ndarray, np.ndarray]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("The demo needs scikit-learn: pip install keras_saliency[demo]") from error
    digits = load_digits()
    doubled = np.kron(digits.images / 16, np.ones((1, 2, 2)))
    images = np.pad(doubled, ((0, 0), (2, 2), (2, 2)))[..., None].astype("float32")
    order = np.random.default_rng(0).permutation(len(images))
    return images[order], digits.target[order].astype("int64")
