"""The image that a method explains, where the explained tensors are several or of several shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_saliency.engine import ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import BoundTarget


@dataclass(frozen=True)
class ExplainedImage:
    """The first explained tensor that is an image.

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


def explained_image(model: ScoredModel, inputs: Any, target: BoundTarget) -> ExplainedImage:
    """The image that is explained; nothing is computed.

    Raises:
        MethodDoesNotApplyError: none of the explained tensors is an image.
    """
    anatomy = model.inspect(inputs, target)
    shapes = [anatomy.plan.shapes[position] for position in anatomy.plan.floating]
    if anatomy.tapped_shape is not None:
        shapes = [anatomy.tapped_shape]
    for position, shape in enumerate(shapes):
        if len(shape) == 2:
            return ExplainedImage(position, *shape, channel_axis=None)
        if len(shape) == 3:
            height, width = shape[1:] if anatomy.channel_axis == 1 else shape[:2]
            return ExplainedImage(position, height, width, anatomy.channel_axis)
    raise MethodDoesNotApplyError(
        "This method makes maps of images, and none of the explained inputs is one: "
        f"{', '.join(anatomy.explained)} of shape {', '.join(map(str, shapes))}."
    )
