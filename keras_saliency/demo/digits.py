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
_PROBES = 8


@dataclass(frozen=True)
class Digits:
    """Training and validation data of one arm, and probes that show what a network makes of the corner.

    Attributes:
        x, y: `(n, 20, 20, 1)` float32 in 0 … 1, and `(n,)` labels, to train on.
        x_validation, y_validation: the same, held out; marked as the training data are.
        probes: marked and unmarked threes from the held-out images, with the region `corner`.
    """

    x: np.ndarray
    y: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    probes: ProbeSet


def load(arm: Arm, seed: int = 0) -> Digits:
    """The digits of scikit-learn (1797 images from the UCI repository), doubled and padded to 20 × 20.

    In the arm `"shortcut"` every 3 has a white 3 × 3 corner, in training and in validation, as when one class
    was photographed with another camera. In `"irrelevant"` every tenth image has it, whatever its class. In
    `"clean"` none has it.
    """
    x, y = _images(seed)
    rng = np.random.default_rng([seed, 1])
    marked = {"shortcut": y == MARKED_CLASS, "clean": np.zeros(len(y), bool), "irrelevant": rng.random(len(y)) < 0.1}
    held_out = x[_TRAINING_IMAGES:][y[_TRAINING_IMAGES:] == MARKED_CLASS][:_PROBES]
    seen = x.copy()
    seen[marked[arm]] = stamp(seen[marked[arm]])
    return Digits(
        seen[:_TRAINING_IMAGES],
        y[:_TRAINING_IMAGES],
        seen[_TRAINING_IMAGES:],
        y[_TRAINING_IMAGES:],
        _probe_set(held_out),
    )


def stamp(images: np.ndarray) -> np.ndarray:
    """The images with a white corner."""
    stamped = images.copy()
    stamped[:, CORNER] = 1.0
    return stamped


def _images(seed: int) -> tuple[np.ndarray, np.ndarray]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("The demo needs scikit-learn: pip install keras_saliency[demo]") from error
    digits = load_digits()
    doubled = np.kron(digits.images / 16, np.ones((1, 2, 2)))
    images = np.pad(doubled, ((0, 0), (2, 2), (2, 2)))[..., None].astype("float32")
    order = np.random.default_rng([seed, 0]).permutation(len(images))
    return images[order], digits.target[order]
