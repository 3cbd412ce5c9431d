"""Scores of images with changed pixels: what the methods share that need no gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from keras_saliency.arguments import is_real
from keras_saliency.engine import Question

Fill = float | Literal["mean"]


def check_fill(fill: Any) -> None:
    """Raise unless this is something that images can be filled with."""
    if fill != "mean" and not is_real(fill):
        raise ValueError(f'Expected fill to be a finite number or "mean". Received: fill={fill!r}')


class Perturbed:
    """Examples whose explained image may be changed; what is predicted is fixed by the unchanged images.

    Attributes:
        image: which tensor is the image.
        images: its values, `(n, …)`.
        scores: `(n,)`, those of the unchanged images.

    Raises:
        MethodDoesNotApplyError: none of the explained tensors is an image.
    """

    def __init__(self, question: Question) -> None:
        self.image = question.image
        self._question = question.settled
        self._values = question.values
        self.images = self._values[self.image.position]
        self.scores = question.scores.values

    def filled(self, fill: Fill) -> np.ndarray:
        """The images, each wholly filled: with a number, or with the mean of each of its channels."""
        if fill != "mean":
            return np.broadcast_to(np.asarray(fill, self.images.dtype), self.images.shape)
        return np.broadcast_to(self.images.mean(self.image.pixel_axes, keepdims=True), self.images.shape)

    def with_images(self, rows: np.ndarray, images: np.ndarray) -> np.ndarray:
        """The scores of the examples in `rows` with these images in place of their own."""
        values = [value[rows] for value in self._values]
        values[self.image.position] = images
        return self._question.at(rows, values).scores.values

    def batches(self, changes: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All pairs of a change and an example, as many at a time as go into one call.

        Yields:
            Two arrays of positions: which of the `changes`, and the rows of the examples.
        """
        count, size = len(self.images), self._question.rows_at_once
        size = size // count * count or size
        for start in range(0, changes * count, size):
            pairs = np.arange(start, min(start + size, changes * count))
            yield pairs // count, pairs % count
