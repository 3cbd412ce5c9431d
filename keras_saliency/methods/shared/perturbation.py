"""Scores of images with changed pixels: what the methods share that need no gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from keras_saliency.arguments import is_real
from keras_saliency.engine import ScoredModel, Scores
from keras_saliency.methods.shared.averaging import settled
from keras_saliency.methods.shared.explained_image import ExplainedImage, explained_image
from keras_saliency.probes.targets import BoundTarget

Fill = float | Literal["mean"]


def check_fill(fill: Any) -> None:
    """Raise unless this is something that images can be filled with."""
    if fill != "mean" and not is_real(fill):
        raise ValueError(f'Expected fill to be a finite number or "mean". Received: fill={fill!r}')


@dataclass(frozen=True, eq=False)
class Perturbed:
    """Examples whose explained image may be changed, each with a fixed target.

    Attributes:
        image: which tensor is the image.
        images: its values, `(n, …)`.
        scores: those of the unchanged images.
    """

    image: ExplainedImage
    images: np.ndarray
    scores: Scores
    _model: ScoredModel
    _inputs: Any
    _target: BoundTarget
    _explained: list[np.ndarray]

    @classmethod
    def of(cls, model: ScoredModel, inputs: Any, target: BoundTarget) -> Perturbed:
        """The examples of these inputs. What is predicted is fixed by the unchanged images."""
        image = explained_image(model, inputs, target)
        target, scores = settled(model, inputs, target)
        explained = model.explained(inputs, target)
        return cls(image, explained[image.position], scores, model, inputs, target, explained)

    def filled(self, fill: Fill) -> np.ndarray:
        """The images, each wholly filled: with a number, or with the mean of each of its channels."""
        if fill != "mean":
            return np.broadcast_to(np.asarray(fill, self.images.dtype), self.images.shape)
        return np.broadcast_to(self.images.mean(self.image.pixel_axes, keepdims=True), self.images.shape)

    def with_images(self, rows: np.ndarray, images: np.ndarray) -> np.ndarray:
        """The scores of the examples in `rows` with these images in the place of theirs."""
        values = [value[rows] for value in self._explained]
        values[self.image.position] = images
        moved = self._model.moved(self._inputs, self._target, rows, values)
        return self._model.scores(moved, self._target.take(rows)).scores

    def batches(self, changes: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All pairs of a change and an example, as many at a time as go into one call.

        Yields:
            Two arrays of positions: which of the `changes`, and the rows of the examples.
        """
        count, size = len(self.images), self._model.rows_at_once(self._inputs, self._target)
        size = size // count * count or size
        for start in range(0, changes * count, size):
            pairs = np.arange(start, min(start + size, changes * count))
            yield pairs // count, pairs % count
