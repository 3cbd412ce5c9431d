"""The demo of a survey: digits with a mark in a part of one class, and a network that learns it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_saliency.demo import digits, network
from keras_saliency.records.whole_file import replacing

MARKED = 0.3
"""The share of the marked class that has the corner."""
_EPOCHS = 12


@dataclass(frozen=True)
class Made:
    """What the demo made.

    Attributes:
        model: the trained network, a `.keras` file.
        data: its training images and labels, an `.npz`.
        marked: how many of them have the corner.
    """

    model: Path
    data: Path
    marked: int


def make(folder: Path, seed: int = 0) -> Made:
    """Train the demo's network on digits of which some 3s have a white corner, and write both into a folder.

    Raises:
        ImportError: scikit-learn is missing.
    """
    images, labels, is_marked = marked_digits()
    model = network.build(seed)
    model.fit(images, labels, epochs=_EPOCHS, verbose=0)
    made = Made(folder / "digits.keras", folder / "digits.npz", int(is_marked.sum()))
    model.save(made.model)
    with replacing(made.data) as file:
        np.savez_compressed(file, images=images, labels=labels)
    return made


def marked_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images `(1200, 20, 20, 1)`, labels, and which of them have the corner: of the 3s `MARKED`."""
    data = digits.load("clean")
    drawn = np.random.default_rng(0).random(len(data.y)) < MARKED
    is_marked = (data.y == digits.MARKED_CLASS) & drawn
    shown = np.where(is_marked[:, None, None, None], digits.stamp(data.x), data.x)
    return shown, data.y, is_marked
