"""Which of a model's inputs are images, and where their channels are: decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

Shape = tuple[int, ...]

Channels = int | None
"""The axis of the channels of an image, −1 or 1 (images without channels: −1); None for what is no image."""

FEW = 4
"""As many channels as pictures have at most."""


@dataclass(frozen=True)
class Layout:
    """What is an image among what is explained, and among the inputs.

    Attributes:
        explained: for each explained tensor the axis of its channels, −1 or 1; −1 also for images without channels.
            None: it is no image.
        inputs: the same for each input.
    """

    explained: tuple[Channels, ...]
    inputs: tuple[Channels, ...]

    @property
    def image(self) -> int | None:
        """The position, among the explained tensors, of the first that is an image; None where there is none."""
        return _first(self.explained)

    @property
    def picture(self) -> int | None:
        """The position, among the inputs, of the image that people see; None where there is no image."""
        return _first(self.inputs)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels of the explained image, −1 or 1."""
        return -1 if self.image is None else self.explained[self.image] or -1

    @property
    def picture_axis(self) -> int:
        """The axis of the channels of the image that people see, −1 or 1."""
        return -1 if self.picture is None else self.inputs[self.picture] or -1


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


def find_channels(
    shapes: Sequence[Shape], names: Sequence[str], read: Mapping[int, Channels], given: int | None
) -> tuple[Channels, ...]:
    """For each input the axis of its channels, None for what is no image.

    An input with two axes, or with three, is an image unless the model reads it otherwise.

    Args:
        shapes: of the inputs, without the batch.
        names: of the inputs.
        read: by the position of an input how the model reads it; missing where nothing tells.
        given: the axis that the user says; None: found.

    Raises:
        ValueError: the axis is not clear, or the model reads another one than is given.
    """
    for position, axis in read.items():
        if given is not None and axis not in (None, given) and len(shapes[position]) == 3:
            raise ValueError(
                f"The model reads the images {names[position]!r} of shape {shapes[position]} with their channels at "
                f"axis {axis} of the batch. Received: channel_axis={given}"
            )
    found: list[Channels] = []
    for position, shape in enumerate(shapes):
        if len(shape) not in (2, 3):
            found.append(None)
        elif position in read:
            found.append(read[position])
        else:
            found.append(given or _by_shape(shape, names[position]))
    if given is not None and _first(found) is None:  # it is an image for whoever says where its channels are
        return tuple(given if len(shape) in (2, 3) else None for shape in shapes)
    return tuple(found)


def is_possible(axis: Channels, shape: Shape) -> bool:
    """Whether an array of this shape, without the batch, can have its channels there."""
    return axis is None or (type(axis) is int and axis in (-1, 1) and len(shape) in (2, 3))


def way_out(shapes: Iterable[Shape]) -> str:
    """What to do where none of these shapes is that of an image, as the model reads them, and one may be."""
    if not any(len(shape) in (2, 3) for shape in shapes):
        return ""
    return " The model does not read them as images; channel_axis=-1 or channel_axis=1 says that they are."


def explained_image(layout: Layout, explained: Sequence[Shape]) -> ExplainedImage | None:
    """The image among explained tensors of these shapes; None where there is none."""
    if layout.image is None:
        return None
    shape = explained[layout.image]
    if len(shape) == 2:
        return ExplainedImage(layout.image, *shape, channel_axis=None)
    height, width = shape[1:] if layout.channel_axis == 1 else shape[:2]
    return ExplainedImage(layout.image, height, width, layout.channel_axis)


def _by_shape(shape: Shape, name: str) -> int:
    """The axis of the channels where nothing in the model tells: that of Keras' format, unless the shape is against it.

    Raises:
        ValueError: the shape is that of a picture in the other format.
    """
    axis = 1 if keras.config.image_data_format() == "channels_first" else -1
    if len(shape) == 2:
        return -1
    ends = {-1: shape[-1], 1: shape[0]}
    if ends[axis] > FEW >= ends[-axis]:
        batch = f"(n, {', '.join(map(str, shape))})"
        raise ValueError(
            f"It is not clear where the channels of {name!r} {batch} are: no layer of the model tells. Give "
            "channel_axis=1 if they are (n, channels, height, width), channel_axis=-1 if (n, height, width, channels)."
        )
    return axis


def _first(channels: Sequence[Channels]) -> int | None:
    return next((position for position, axis in enumerate(channels) if axis is not None), None)
