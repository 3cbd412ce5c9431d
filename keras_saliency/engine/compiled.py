"""What a model was compiled with says of its outputs: a loss with `from_logits=True` is about logits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal

import keras

from keras_saliency.engine.outputs import OutputPlace

Link = Literal["softmax", "sigmoid"]
"""What turns logits into probabilities."""

_SIGMOID = (keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy)
_SOFTMAX = (
    keras.losses.CategoricalCrossentropy,
    keras.losses.CategoricalFocalCrossentropy,
    keras.losses.SparseCategoricalCrossentropy,
)
_SIGMOID_FUNCTIONS = (keras.losses.binary_crossentropy, keras.losses.binary_focal_crossentropy)
_SOFTMAX_FUNCTIONS = (
    keras.losses.categorical_crossentropy,
    keras.losses.categorical_focal_crossentropy,
    keras.losses.sparse_categorical_crossentropy,
)


def trained_link(model: Any, place: OutputPlace, units: int) -> Link | None:
    """What turns an output into probabilities, where the loss says that it consists of logits.

    Metrics are not asked: a wrong one does nothing to the training.

    Args:
        model: a Keras model, compiled or not.
        place: of the output.
        units: how many classes or numbers the output has.
    """
    links = {_link(loss, units) for loss in _losses(getattr(model, "loss", None), place)} - {None}
    return links.pop() if len(links) == 1 else None


def _losses(loss: Any, place: OutputPlace) -> Iterator[Any]:
    """The losses of one output, as Keras finds them: by name, by path, by position, or one for all."""
    if isinstance(loss, Mapping) and place.name in loss:
        yield from _losses(loss[place.name], OutputPlace(place.name, (), 0, 1))
    elif isinstance(loss, (list, tuple)) and len(loss) == place.count and not any(map(_is_nested, loss)):
        yield loss[place.position]
    elif _is_nested(loss):
        yield from _losses_inside(loss, place)
    else:
        yield loss


def _losses_inside(loss: Any, place: OutputPlace) -> Iterator[Any]:
    key, *path = place.path or (None,)
    if isinstance(loss, Mapping):
        inside = [loss[key]] if key in loss else []
    elif place.path and type(key) is int:
        inside = list(loss[key : key + 1])
    else:  # several losses of one output
        inside = list(loss)
    for one in inside:
        yield from _losses(one, OutputPlace(place.name, tuple(path), place.position, place.count))


def _is_nested(loss: Any) -> bool:
    return isinstance(loss, (Mapping, list, tuple))


def _link(loss: Any, units: int) -> Link | None:
    """What turns the logits of a loss into probabilities; None where it has no logits, or it is not known."""
    if isinstance(loss, partial):
        says, loss = loss.keywords.get("from_logits", False), loss.func
    else:
        says = getattr(loss, "from_logits", False)
    if not says:
        return None
    if isinstance(loss, _SOFTMAX) or loss in _SOFTMAX_FUNCTIONS:
        return "softmax" if units > 1 else None
    if isinstance(loss, _SIGMOID) or loss in _SIGMOID_FUNCTIONS or units == 1:
        return "sigmoid"
    return None
