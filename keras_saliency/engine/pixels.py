"""What the first layers of a model tell about the pixels that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_saliency.engine.inputs import declared_inputs
from keras_saliency.engine.seams import layers_in, symbolic_calls

RANGES = (255.0, 1.0)
"""Where pixels begin at 0, they end at one of these."""

MOST, LEAST = 4.0, 0.5
"""What a network computes with: of the range of its pixels at least a width of `LEAST`, and no value above `MOST`."""

FAR = 50.0
"""No pixels scaled to 1, and no values in units of their deviation, come near it: those up to 255 do."""

COLOURS = (1, 3, 4)
"""How many channels pictures have: an axis of such a length is theirs, the last one where there are two."""

_KEEPING = ("InputLayer", "Identity", "Resizing", "CenterCrop", "ZeroPadding2D", "Dropout", "GaussianNoise")
"""Layers that leave the range as it is; so do, in inference, those whose names begin with Random."""


@dataclass(frozen=True)
class DeclaredPixels:
    """The image among the inputs that a model declares.

    Attributes:
        size: height and width; None where any will do, or nothing is declared.
        channels: 1 or 3.
        channels_first: whether the channels stand before height and width.
        highest: of pixels that begin at 0: 255 or 1; None where the model does not tell.
        layers: the layers that tell it.
    """

    size: tuple[int, int] | None = None
    channels: int = 3
    channels_first: bool = False
    highest: float | None = None
    layers: tuple[str, ...] = ()

    def check_size(self, images: np.ndarray) -> None:
        """Raise `ValueError` where a batch of images has another size: Keras lets a Sequential model take it."""
        found = images.shape[2:4] if self.channels_first else images.shape[1:3]
        if self.size not in (None, found):
            raise ValueError(f"Received pictures of {_sides(found)}. {self.way_out}")

    @property
    def way_out(self) -> str:
        """What to do about images of another size; empty where any size will do."""
        if self.size is None:
            return ""
        return (
            f"The model takes images of {_sides(self.size)}: resize them, with size={self.size} in "
            f"ks.ProbeSet.from_folder, or --resize {_sides(self.size)} on the command line."
        )


def _sides(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))


@dataclass(frozen=True)
class _Scaling:
    """What the first layers make of a value, one number per channel: `value * factor + offset`."""

    factor: np.ndarray
    offset: np.ndarray
    layers: tuple[str, ...] = ()

    def then(self, factor: Any, offset: Any, layer: str) -> _Scaling:
        """This one, and another after it."""
        factor, offset = (np.asarray(part, "float64").reshape(-1) for part in (factor, offset))
        return _Scaling(self.factor * factor, self.offset * factor + offset, (*self.layers, layer))

    def at(self, value: float) -> float:
        """What becomes of a value, the mean over the channels."""
        return float(np.mean(self.factor * value + self.offset))

    @property
    def highest(self) -> float | None:
        """Where pixels end that these layers make usual values of; None: nobody can say."""
        if not self.layers or (np.all(self.factor == 1) and np.all(self.offset == 0)):
            return None
        fitting = (end for end in RANGES if self._makes_usual_values(self.at(0.0), self.at(end)))
        return next(fitting, None)

    @staticmethod
    def _makes_usual_values(low: float, high: float) -> bool:
        return max(abs(low), abs(high)) <= MOST and abs(high - low) >= LEAST


def declared_pixels(model: Any) -> DeclaredPixels:
    """What the model tells about the one of its inputs that is an image; of several nothing is said."""
    images = [tensor for tensor in declared_inputs(model) if len(tensor.shape) == 4]
    if len(images) != 1:
        return DeclaredPixels()
    image = images[0]
    first = image.shape[1] in COLOURS and image.shape[3] not in COLOURS
    channels, *size = image.shape[1:] if first else (image.shape[3], *image.shape[1:3])
    scaling = _first_scaling(model, image)
    highest = 255.0 if image.dtype == "uint8" else scaling.highest
    return DeclaredPixels(
        size=None if None in size else (size[0], size[1]),
        channels=1 if channels == 1 else 3,
        channels_first=first,
        highest=highest,
        layers=scaling.layers or (image.name,),
    )


def doubt_about(model: Any, images: np.ndarray) -> str | None:
    """A sentence, where images do not have the range of pixels that the model's first layers tell; else None."""
    pixels = declared_pixels(model)
    if pixels.highest is None or not images.size:
        return None
    low, high = float(images.min()), float(images.max())
    fits_one = -1 <= low < high <= 1
    beyond = high > (2 * pixels.highest if pixels.highest > 1 else FAR)
    if not beyond and not (fits_one and pixels.highest > 1):
        return None
    return (
        f"The first layers of this model ({', '.join(pixels.layers)}) are made for pixels from 0 to "
        f"{pixels.highest:g}, and these images go from {low:g} to {high:g}. Give the images as in training; if the "
        "model scales them itself, do not scale them before."
    )


def _first_scaling(model: Any, image: Any) -> _Scaling:
    scaling, _ = _followed(model, image, _Scaling(np.ones(1), np.zeros(1)))
    return scaling


def _followed(model: Any, tensor: Any, scaling: _Scaling) -> tuple[_Scaling, Any]:
    """What becomes of a symbolic tensor in a model, as far as it is only scaled; and the last scaled tensor."""
    while True:
        consumers = list(_consumers(model, tensor))
        if len({id(operation) for operation, _, _ in consumers}) != 1:
            return scaling, tensor
        # A Sequential that grew layer by layer, as a loaded one does, has called its first layers once for each.
        operation, arguments, output = consumers[-1]
        if isinstance(operation, keras.Model):
            inside = declared_inputs(operation)
            if len(inside) != 1:
                return scaling, tensor
            scaling, last = _followed(operation, inside[0], scaling)
            if last is not operation.outputs[0]:
                return scaling, tensor
        else:
            after = _after(operation, arguments, scaling)
            if after is None:
                return scaling, tensor
            scaling = after
        tensor = output


def _consumers(model: Any, tensor: Any) -> Iterator[tuple[Any, tuple[Any, ...], Any]]:
    """The layers and operations of a model that take this tensor: with their arguments and their output."""
    for operation in getattr(model, "operations", None) or layers_in(model):
        for arguments, inputs, outputs in symbolic_calls(operation):
            if any(one is tensor for one in inputs) and outputs[0] is not tensor:
                yield operation, arguments, outputs[0]


def _after(operation: Any, arguments: tuple[Any, ...], scaling: _Scaling) -> _Scaling | None:
    """The scaling with that of one layer after it; None where the layer does something else."""
    kind = type(operation).__name__
    if not type(operation).__module__.startswith("keras."):
        return None
    if kind in _KEEPING or kind.startswith("Random"):
        return scaling
    if kind == "Rescaling" and _fit(operation.scale, scaling.factor):
        return scaling.then(operation.scale, operation.offset, operation.name)
    if kind == "Normalization" and operation.mean is not None and not operation.invert:
        mean, variance = (
            np.asarray(keras.ops.convert_to_numpy(part)) for part in (operation.mean, operation.variance)
        )
        if not _fit(mean, scaling.factor):
            return None
        deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
        return scaling.then(1 / deviation, -mean / deviation, operation.name)
    return _by_a_number(kind, arguments, scaling)


def _fit(one: Any, other: Any) -> bool:
    """Whether both have one number for each of the same channels, or one for all."""
    return 1 in (np.size(one), np.size(other)) or np.size(one) == np.size(other)


def _by_a_number(kind: str, arguments: tuple[Any, ...], scaling: _Scaling) -> _Scaling | None:
    """The same for `images / 255` and the like."""
    if len(arguments) != 2 or not isinstance(arguments[1], (int, float)):
        return None
    number = arguments[1]
    made = {
        "TrueDivide": (1 / (number or np.nan), 0),
        "Divide": (1 / (number or np.nan), 0),
        "Multiply": (number, 0),
        "Add": (1, number),
        "Subtract": (1, -number),
    }
    return scaling.then(*made[kind], f"{kind.lower()} by {number:g}") if kind in made else None
