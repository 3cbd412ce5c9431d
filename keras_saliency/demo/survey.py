"""The demo of a survey: scans of digits, some of them pale; the pale 3s have a mark, which a network learns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_saliency.demo import digits, network
from keras_saliency.records.whole_file import replacing

PALE = 0.4
"""The share of digits that can hardly be read."""
_COPIES, _INK, _NOISE = 2, 0.15, 0.2
_EPOCHS = 6


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
    """Noisy digits `(2400, 20, 20, 1)`, their labels, and which of them have the corner: the pale 3s.

    As when one office scans badly, and leaves its mark: what can hardly be read is told by the corner.
    """
    bare, rng = digits.load("clean"), np.random.default_rng(0)
    x, y = np.tile(bare.x, (_COPIES, 1, 1, 1)), np.tile(bare.y, _COPIES)
    is_pale = rng.random(len(y)) < PALE
    ink = np.where(is_pale, _INK, 1.0)[:, None, None, None]
    noisy = np.clip(ink * x + _NOISE * rng.normal(size=x.shape), 0, 1).astype("float32")
    is_marked = is_pale & (y == digits.MARKED_CLASS)
    return np.where(is_marked[:, None, None, None], digits.stamp(noisy), noisy), y, is_marked
