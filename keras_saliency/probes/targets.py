"""What is explained: which score of the model the maps belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

PREDICTED = -1
"""Stands for the predicted class in an array of class indices."""


@dataclass(frozen=True)
class Predicted:
    """The score of the class that the model predicts, image by image.

    Example:
        >>> explanation = ks.explain(model, images, target=ks.Predicted())  # the same as target="predicted"
        >>> bool((explanation.target_classes == explanation.predicted_classes).all())
        True
    """


@dataclass(frozen=True)
class Label:
    """The score of the class that each image is labelled with.

    Example:
        >>> ks.explain(model, probes, target=ks.Label()).target_classes[:3].tolist()  # the same as target="label"
        [0, 1, 2]
    """


@dataclass(frozen=True)
class ClassIndex:
    """The score of one class for all images (an integer), or of one class per image (`n` integers).

    Example:
        >>> ks.explain(model, images, target=ks.ClassIndex(2)).target_classes[:3].tolist()  # the same as target=2
        [2, 2, 2]
    """

    index: Any

    def __post_init__(self) -> None:
        index = np.asarray(self.index)
        if index.dtype.kind not in "iu" or index.ndim > 1:
            raise TypeError(
                "Expected a class index or one class index per image, as integers. "
                f"Received: index={self.index!r}"
            )
        if (index < 0).any():
            raise ValueError(f"Class indices count from 0. Received: index={self.index!r}")


@dataclass(frozen=True, eq=False)
class OutputGradient:
    """The gradient of the output to propagate back: any array of the shape of the model's output.

    The explained score is `sum(output * array)` per image; the output is taken as the model gives it (after a
    softmax, if it ends with one). The leading axis is the batch; an array of one example's shape serves all.

    Example:
        >>> first_minus_last = np.array([1.0, 0.0, -1.0])
        >>> ks.explain(model, images, target=ks.OutputGradient(first_minus_last)).score_kind
        'custom'
    """

    array: Any

    def __post_init__(self) -> None:
        array = np.asarray(self.array)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"Expected an output gradient of real numbers. Received: dtype={array.dtype}")
        if not np.isfinite(array).all():
            raise ValueError("The output gradient has values that are not finite.")


ScoreFunction = Callable[[Any], Any]
Target = Predicted | Label | ClassIndex | OutputGradient | ScoreFunction

_NAMED: dict[str, Target] = {"predicted": Predicted(), "label": Label()}


def as_target(target: Any) -> Target:
    """The target that a short form stands for: `"predicted"`, `"label"`, one class index or one per image."""
    if isinstance(target, (Predicted, Label, ClassIndex, OutputGradient)):
        return target
    if isinstance(target, str) and target in _NAMED:
        return _NAMED[target]
    if callable(target) and not isinstance(target, type):
        return cast(ScoreFunction, target)
    if isinstance(target, (int, np.integer, list, tuple, np.ndarray)) and not isinstance(target, bool):
        return ClassIndex(target)
    raise ValueError(
        'Expected target to be "predicted", "label", a class index, one class index per image, '
        f"ks.OutputGradient(array) or a callable `outputs -> (n,)`. Received: target={target!r}"
    )


@dataclass(frozen=True, eq=False)
class BoundTarget:
    """A target for `n` given images; exactly one of the first three is set.

    Attributes:
        classes: `(n,)` int32 class indices; `PREDICTED` leaves the choice to the model.
        output_gradient: an array of the output's shape, batch first, or of one example's shape.
        function: a callable from the model's outputs to `(n,)` scores.
        total: how many images the target was given for.
        rows: `(n,)` which of these the images are.
    """

    classes: np.ndarray | None = None
    output_gradient: np.ndarray | None = None
    function: ScoreFunction | None = None
    total: int = 0
    rows: np.ndarray | None = None

    @property
    def kind(self) -> str:
        """Which of the three is set."""
        if self.classes is not None:
            return "classes"
        return "function" if self.function is not None else "output_gradient"

    def take(self, rows: np.ndarray) -> BoundTarget:
        """The same target for a selection of the images, repetitions allowed."""
        if self.classes is not None:
            return replace(self, classes=self.classes[rows])
        return self if self.rows is None else replace(self, rows=self.rows[rows])

    def aim(self, count: int, output_shape: tuple[int, ...], classes: int) -> np.ndarray:
        """One entry per image: its class index, or its output gradient; zeros for a function.

        Raises:
            ValueError: a class index is too high, or the output gradient has another shape than the output.
        """
        if self.classes is not None:
            if (highest := int(self.classes.max(initial=PREDICTED))) >= classes:
                raise ValueError(
                    f"Expected class indices below {classes}, as the model's output of shape {output_shape} "
                    f"has {classes} {'class' if classes == 1 else 'classes'}. Received: class {highest}"
                )
            return self.classes
        if self.output_gradient is None:
            return np.zeros(count, "int32")
        if self.output_gradient.shape == (self.total, *output_shape):
            return self.output_gradient[self.rows]
        if self.output_gradient.shape == output_shape:
            return np.broadcast_to(self.output_gradient, (count, *output_shape))
        raise ValueError(
            f"Expected an output gradient of the output's shape, {(self.total, *output_shape)}, or of one "
            f"image's, {output_shape}. Received: shape={self.output_gradient.shape}"
        )


def bind(target: Target, count: int, labels: np.ndarray | None) -> BoundTarget:
    """The target for `count` images with these labels (None: they have none)."""
    if isinstance(target, Predicted):
        return BoundTarget(classes=np.full(count, PREDICTED, "int32"))
    if isinstance(target, Label):
        if labels is None:
            raise ValueError('target="label" needs labels: give the probe set `labels=`.')
        return BoundTarget(classes=labels.astype("int32"))
    if isinstance(target, ClassIndex):
        index = np.asarray(target.index, "int32")
        if index.ndim == 1 and len(index) != count:
            raise ValueError(
                f"Expected one class index per image, {count} in all. Received: {len(index)} class indices"
            )
        return BoundTarget(classes=np.broadcast_to(index, (count,)).copy())
    if isinstance(target, OutputGradient):
        array = np.asarray(target.array, "float32")
        return BoundTarget(output_gradient=array, total=count, rows=np.arange(count))
    return BoundTarget(function=target)
