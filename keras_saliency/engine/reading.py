"""What the first layer that reads an input tells about it: whether it is an image, and where its channels are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
import numpy as np
from typing_extensions import override

from keras_saliency.engine import seams
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.interception import Hook
from keras_saliency.engine.layout import Channels
from keras_saliency.engine.slabs import Slabs

RUNS = 0.25
"""How far a change has to move along an axis that is said to be the same: nothing but geometry lies between."""

STEP_BY_STEP = (keras.layers.RNN, keras.layers.TimeDistributed)

Tensor = Any
How = Literal["windows", "dense", "step by step"]


class AllRead(BaseException):
    """Ends a call of the model once every input is read; no `except Exception` on the way stops it."""


class FirstReaders(Hook):
    """Notes how each input is read by the first layer that mixes its values, and ends the call when all are read.

    A 2-D convolution, pooling, padding or resizing tells by its data format which axes of the input became height and
    width, whatever lies between. A 1-D or 3-D one, or a recurrent layer, reads no image; a dense layer or attention
    along one of two axes reads a series or tokens.

    Args:
        slabs: by the position of the input. All inputs have one batch: an unchanged example, and behind it, in this
            order, the changed ones of each input.

    Attributes:
        found: by the position of the input. Missing: it was flattened, or nothing reads it.
    """

    def __init__(self, slabs: Mapping[int, Slabs]) -> None:
        self.found: dict[int, Channels] = {}
        self._slabs = dict(slabs)
        self._waiting = set(slabs)
        self._entered: dict[int, Tensor] = {}

    @override
    def layer_inputs(self, layer: Any, inputs: Tensor) -> Tensor:
        self._entered[id(layer)] = inputs
        if isinstance(layer, STEP_BY_STEP):
            self._read(inputs, "step by step", None)
        elif _has_format(layer, inputs) and layer.weights:
            self.window(inputs, layer.data_format)
        return inputs

    @override
    def layer_output(self, layer: Any, output: Tensor) -> Tensor:
        inputs = self._entered.pop(id(layer), None)
        if inputs is None or seams.layers_in(layer) or self._is_elementwise(inputs, output):
            return output
        if _has_format(layer, inputs):
            self.window(inputs, layer.data_format)
        elif any(len(weight.shape) > 1 for weight in layer.weights):
            self._read(inputs, "dense", None)
        return output

    @override
    def window(self, inputs: Tensor, data_format: str) -> None:
        self._read(inputs, "windows", data_format)

    @override
    def product(self, inputs: Tensor) -> None:
        self._read(inputs, "dense", None)

    def _read(self, tensor: Tensor, how: How, data_format: str | None) -> None:
        """Something reads a tensor: decide about the inputs that are in it."""
        values = self.values(tensor)
        if values is None:
            return
        for position in sorted(self._waiting):
            changes = self.changes(position, values)
            if changes.any():
                self._waiting.discard(position)
                self._decide(position, changes, how, data_format)
        if not self._waiting:
            raise AllRead

    def _decide(self, position: int, changes: np.ndarray, how: How, data_format: str | None) -> None:
        slabs, rank = self._slabs[position], changes.ndim
        courses = np.abs(slabs.courses(changes)) > RUNS
        image = _channels(courses, slabs.rows.shape, changes.shape, data_format) if rank == 4 else None
        if how == "step by step" or (how == "windows" and rank != 4):
            self.found[position] = None
        elif how == "windows" and courses.any():  # else the input was flattened, or mixed, before
            self.found[position] = image
        elif how == "dense" and rank == slabs.rows.ndim == 3:
            self.found[position] = None
        elif how == "dense" and image == 1:  # somebody brought the channels to the end
            self.found[position] = image

    def changes(self, position: int, values: np.ndarray) -> np.ndarray:
        """By how much each value differs, where this input is changed, from that of the unchanged example."""
        first = 1
        for other, slabs in self._slabs.items():
            if other == position:
                break
            first += len(slabs.axes)
        rows = values[first : first + len(self._slabs[position].axes)]
        with np.errstate(invalid="ignore"):
            return np.asarray(rows - values[:1])

    def values(self, tensor: Tensor) -> np.ndarray | None:
        """The values of a tensor; None where it has others than these examples, or none (in a framework's loop)."""
        count = 1 + sum(len(slabs.axes) for slabs in self._slabs.values())
        if not keras.ops.is_tensor(tensor) or tuple(tensor.shape[:1]) != (count,):
            return None
        try:
            return np.asarray(current_backend().to_numpy(keras.ops.cast(tensor, "float32")))
        except (AttributeError, NotImplementedError, RuntimeError, TypeError):
            return None

    def _is_elementwise(self, before: Tensor, after: Tensor) -> bool:
        """Whether a layer changes each value by itself, or none of the inputs."""
        old, new = self.values(before), self.values(after)
        if old is None or new is None:
            return old is None
        return old.shape == new.shape and not ((new != new[:1]) & (old == old[:1])).any()


def _has_format(layer: Any, inputs: Tensor) -> bool:
    """Whether a layer has a data format that says how it reads.

    A Flatten has one always, and is no sign, unless somebody said that channels come first.
    """
    if isinstance(layer, keras.layers.Flatten):
        return layer.data_format == "channels_first" and len(inputs.shape) == 4
    return bool(getattr(layer, "data_format", None))


def _channels(
    courses: np.ndarray, shape: tuple[int, ...], read: tuple[int, ...], data_format: str | None
) -> Channels:
    """Where the channels of an image are that is read as courses tell: by what has height and width.

    Args:
        courses: which axis of the image runs along which of the tensor that is read, both with the batch.
        shape: of the image, with a batch.
        read: the shape of the tensor.
        data_format: of the layer that reads it.
    """
    across = [2, 3] if data_format == "channels_first" else [1, 2]
    for axis in (1, -1) if data_format == "channels_first" else (-1, 1):
        channels = [axis % 4] if len(shape) == 4 else []
        sides = [side for side in range(1, len(shape)) if side not in channels]
        if not courses[np.ix_(channels, across)].any() and _are_sides(sides, across, courses, shape, read):
            return axis if channels else -1
    return None


def _are_sides(
    sides: list[int], across: list[int], courses: np.ndarray, shape: tuple[int, ...], read: tuple[int, ...]
) -> bool:
    """Whether of two axes one is height and the other width; one of a single pixel may be any."""
    runs = courses[np.ix_(sides, across)].astype(int)
    from_here = all(
        runs[i].sum() == 1 or (not runs[i].any() and shape[side] == 1) for i, side in enumerate(sides)
    )
    all_of_it = all(
        runs[:, i].sum() == 1 or (not runs[:, i].any() and read[to] == 1) for i, to in enumerate(across)
    )
    return from_here and all_of_it


def batch(slabs: Mapping[int, Slabs], leaves: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The inputs for `FirstReaders`; those that have no slabs repeat their first example."""
    if len(leaves) == 1:  # a copy of large images would take as much memory again
        return [cut.rows for cut in slabs.values()]
    count = 1 + sum(len(cut.axes) for cut in slabs.values())
    made, first = [], 1
    for position, leaf in enumerate(leaves):
        cut = slabs.get(position)
        rows = np.repeat(leaf[:1] if cut is None else cut.rows[:1], count, axis=0)
        if cut is not None:
            rows[first : first + len(cut.axes)] = cut.rows[1:]
            first += len(cut.axes)
        made.append(rows)
    return made


def carried(courses: np.ndarray, rank: int, axis: Channels) -> Channels:
    """Where a tensor of this rank, with the batch, that is computed from an image has its channels.

    Args:
        courses: which axis of the image runs along which of the tensor.
        rank: of the tensor.
        axis: of the channels of the image.
    """
    if axis is None or rank not in (3, 4):
        return None
    sides = [side for side in range(1, len(courses)) if len(courses) == 3 or side != axis % 4]
    run = [np.flatnonzero(courses[side]) for side in sides]
    if any(len(found) != 1 for found in run) or run[0][0] >= run[1][0]:
        return None  # a transposed image is none: regions and pictures would not fit it
    others = set(range(1, rank)) - {int(found[0]) for found in run}
    return {(): -1, (1,): 1, (3,): -1}.get(tuple(others))
