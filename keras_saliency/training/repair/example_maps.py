"""The maps of a training's own examples, made as a callback makes those of its probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import optree

from keras_saliency.engine import Anatomy, Question, ScoredModel
from keras_saliency.explanation import explain_question
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.arrays import count_of
from keras_saliency.probes.labels import class_indices
from keras_saliency.probes.targets import BoundTarget, Label, PerImage, Predicted, bind
from keras_saliency.training.settings import Settings

_MOST, _MOST_BYTES = 512, 2**26
"""Examples, and bytes of them in float32, that are explained at once."""


class ExampleMaps:
    """Magnitudes of the maps of all examples, by the first method of a callback, a block at a time.

    Args:
        model: a Keras model.
        settings: of the callback.
        images: a tree of arrays.
        labels: what the model is trained to say of them, a tree of arrays or None.

    Attributes:
        position: which of the inputs is the image.
        channel_axis: of a batch of that input, −1 or 1.

    Raises:
        ValueError, SaliencyError: the callback's settings cannot work with this model and these examples.
    """

    def __init__(self, model: Any, settings: Settings, images: Any, labels: Any) -> None:
        self._settings, self._images, self._count = settings, images, count_of(images)
        self._target = _bound(settings, self._count, labels)
        self._scored = ScoredModel(
            model,
            output=settings.output,
            logits=settings.logits,
            channel_axis=settings.probes.channel_axis,
        )
        anatomy = self._question(np.arange(min(self._count, 2))).anatomy
        self.position, self.channel_axis = _picture(anatomy), anatomy.layout.picture_axis

    def __iter__(self) -> Iterator[np.ndarray]:
        """The maps, `(some, height, width)` float32 of at least 0: of all examples, in their order."""
        method, seed = self._settings.methods[0], self._settings.seed
        values = sum(leaf[0].size for leaf in optree.tree_leaves(self._images))
        at_once = max(1, min(_MOST, _MOST_BYTES // (4 * values)))
        for start in range(0, self._count, at_once):
            question = self._question(np.arange(start, min(start + at_once, self._count)))
            probes = ProbeSet(question.inputs)
            yield explain_question(question, probes, method, seed).heatmaps("magnitude")

    def _question(self, rows: np.ndarray) -> Question:
        inputs = optree.tree_map(lambda array: array[rows], self._images)
        return Question(self._scored, inputs, self._target.take(rows))


def _picture(anatomy: Anatomy) -> int:
    """The position of the input that is an image, over which the maps lie."""
    layout, plan = anatomy.layout, anatomy.plan
    picture, image = layout.picture, anatomy.image
    if picture is not None and image is not None:
        shape = plan.shapes[picture]
        size = shape[1:] if layout.picture_axis == 1 and len(shape) == 3 else shape[:2]
        is_same = len(plan.shapes) == 1 or (
            anatomy.tapped_shape is None and plan.floating[image.position] == picture
        )
        if is_same and size == (image.height, image.width):
            return picture
    raise ValueError(
        "Expected a model of images, whose maps lie over one of its inputs. Received: maps of "
        f"{', '.join(anatomy.explained)} of shape {', '.join(map(str, anatomy.shapes))}"
    )


def _bound(settings: Settings, count: int, labels: Any) -> BoundTarget:
    """The callback's target for the examples: one that asks every image the same."""
    target = settings.target or (Predicted() if settings.probes.labels is None else Label())
    of_each = getattr(target, "index", getattr(target, "class_index", 0))
    if isinstance(target, PerImage) or np.ndim(of_each):
        raise ValueError(
            "Expected the callback's target to be one for any image, as its maps are made of the training's examples: "
            'such as "label", "predicted" or one class index. Received: a target with data of each probe'
        )
    classes = _classes(settings.output, labels, count) if isinstance(target, Label) else None
    # Of no number of images: an array with a row for each probe fits no output then.
    return replace(bind(target, count, classes), total=0)


def _classes(output: str | int | None, labels: Any, count: int) -> np.ndarray:
    """The labels of the explained output as class indices."""
    if output is not None and isinstance(labels, Mapping | list | tuple):
        labels = labels[output]  # type: ignore[index, call-overload]
    leaves = optree.tree_leaves(labels)
    try:
        if len(leaves) != 1:
            raise ValueError(f"Expected the labels of one output. Received: {len(leaves)} arrays of labels")
        return class_indices(leaves[0], count)
    except ValueError as error:
        raise ValueError(
            f'{error}. The callback explains the label of an image; with target="predicted" it explains what the model '
            "says."
        ) from error
