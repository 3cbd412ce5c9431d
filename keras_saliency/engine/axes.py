"""Where the axes of the inputs lead: what is an image, and which axis of an output holds the classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_saliency.engine.activation_record import ActivationRecord
from keras_saliency.engine.first_float import FirstFloatTap
from keras_saliency.engine.inputs import InputPlan
from keras_saliency.engine.interception import Hook
from keras_saliency.engine.layout import Channels, Layout, find_channels
from keras_saliency.engine.reading import RUNS, FirstReaders, batch, carried
from keras_saliency.engine.slabs import Slabs

Tensor = Any
Call = Callable[[Sequence[np.ndarray], Sequence[Hook]], Any]
"""Calls the model on arrays, with hooks, and returns the output; None where it does not come to its end."""


def layout_of(call: Call, plan: InputPlan, leaves: Sequence[np.ndarray], channel_axis: int | None) -> Layout:
    """What is an image among the inputs and what is explained, by what the first layers make of them.

    The model is called as far as these layers, on some twenty examples of two values.

    Args:
        call: of the model.
        plan: of its inputs.
        leaves: the inputs of some examples.
        channel_axis: where the user says so.

    Raises:
        ValueError: see `find_channels`.
    """
    slabs = {i: Slabs.of(leaf, range(1, leaf.ndim)) for i, leaf in enumerate(leaves) if leaf.ndim in (3, 4)}
    readers, tap = FirstReaders(slabs), FirstFloatTap()
    if slabs:
        call(batch(slabs, leaves), [tap, readers])
    channels = find_channels(plan.shapes, plan.names, readers.found, channel_axis)
    if plan.floating:
        return Layout(tuple(channels[position] for position in plan.floating), channels)
    return Layout((_behind(tap.tensor, readers, slabs, channels),), channels)


def _behind(
    tensor: Tensor, readers: FirstReaders, slabs: Mapping[int, Slabs], channels: Sequence[Channels]
) -> Channels:
    """Where the tensor behind integer inputs has its channels; None where it is no image."""
    values = readers.values(tensor)
    if values is not None:
        for position, cut in slabs.items():
            changes = readers.changes(position, values)
            if channels[position] is not None and changes.any():
                return carried(cut.courses(changes) > RUNS, values.ndim, channels[position])
    return None


def class_axis(
    call: Call,
    leaves: Sequence[np.ndarray],
    layout: Layout,
    output: Tensor,
    record: ActivationRecord,
    *,
    required: bool,
) -> int:
    """The axis of the classes of an output that is no softmax: it has nothing to do with the channels of the input.

    The layer that made it says so by its data format. Where it has none, as behind a Permute, the axis is the one
    that does not lie over the image: the model is called on some seventeen examples.

    Raises:
        ValueError: the axis is `required`, and the model cannot be called on these, so nothing tells.
    """
    if len(output.shape) < 3:
        return -1
    activation = record.of(output)
    for tensor in (activation.inputs if activation else output, output):
        if data_format := getattr(record.producer(tensor), "data_format", None):
            return 1 if data_format == "channels_first" else -1
    if len(output.shape) == 4 and (picture := cut_picture(layout, leaves)):
        cut, rows = picture
        values = call(rows, [])
        if values is None and not required:
            return -1
        if values is None:
            raise ValueError(
                f"Which axis of the output {tuple(output.shape[1:])} holds the classes is not clear: no layer tells, "
                "and the model cannot be called on twenty examples. Give a target function, such as "
                "target=lambda outputs: keras.ops.sum(outputs[..., 0], axis=(1, 2))."
            )
        sides = cut.sides(values, (1, 2))
        if sides is not None:
            (other,) = {1, 2, 3} - set(sides)
            return -1 if other == 3 else other
    return -1


def cut_picture(layout: Layout, leaves: Sequence[np.ndarray]) -> tuple[Slabs, list[np.ndarray]] | None:
    """Slabs of the rows and columns of the image that people see, and the inputs with them; None without an image.

    Args:
        layout: of the inputs.
        leaves: the inputs of some examples, whose values the slabs have.
    """
    if layout.picture is None:
        return None
    image = leaves[layout.picture]
    sides = [axis for axis in range(1, image.ndim) if image.ndim == 3 or axis != layout.picture_axis % 4]
    cut = Slabs.of(image, sides)
    return cut, batch({layout.picture: cut}, leaves)
