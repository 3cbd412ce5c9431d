"""Which of a model's inputs is the image, and where its channels are: decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Where the image is among what is explained, and among the inputs.

    Attributes:
        image: the position, among the explained tensors, of the one that is an image; None where there is no image.
        picture: the position, among the inputs, of the image that people see; None where there is no image.
        channel_axis: of images with channels: −1, or 1 for channels first.
    """

    image: int | None
    picture: int | None
    channel_axis: int


@dataclass(frozen=True)
class ExplainedImage:
    """The explained tensor that is an image.

    Attributes:
        position: its place among the explained tensors.
        height: in pixels.
        width: in pixels.
        channel_axis: of a batch of such images; None where they have no channels.
    """

    position: int
    height: int
    width: int
    channel_axis: int | None

    @property
    def pixel_axes(self) -> tuple[int, int]:
        """The axes of height and width in a batch of such images."""
        return (2, 3) if self.channel_axis == 1 else (1, 2)

    def over_channels(self, maps: np.ndarray) -> np.ndarray:
        """Maps `(n, height, width)` with an axis of length 1 where the images have their channels."""
        return maps if self.channel_axis is None else np.expand_dims(maps, self.channel_axis)


def find_layout(explained: Sequence[Shape], inputs: Sequence[Shape], channel_axis: int) -> Layout:
    """The layout of tensors of these shapes, all without the batch: the first with height and width is the image."""
    return Layout(_first_image(explained), _first_image(inputs), channel_axis)


def explained_image(layout: Layout, explained: Sequence[Shape]) -> ExplainedImage | None:
    """The image among explained tensors of these shapes; None where there is none."""
    if layout.image is None:
        return None
    shape = explained[layout.image]
    if len(shape) == 2:
        return ExplainedImage(layout.image, *shape, channel_axis=None)
    height, width = shape[1:] if layout.channel_axis == 1 else shape[:2]
    return ExplainedImage(layout.image, height, width, layout.channel_axis)


def _first_image(shapes: Sequence[Shape]) -> int | None:
    return next((position for position, shape in enumerate(shapes) if len(shape) in (2, 3)), None)
