"""What is explained: which score of the model the maps belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from keras_saliency.arguments import setting

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

    Args:
        index: a class, counted from 0, or one per image.

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

    Args:
        array: of numbers, as the output; it becomes float32.

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


@dataclass(frozen=True, eq=False)
class PixelsOf:
    """The score of a class, summed over some positions of the output: for segmentation.

    The mask has the output's geometry. Where the network works on a smaller grid than the image, the mask must be given
    on that grid: a mask of another size is refused, as making it smaller is a choice (does one pixel make a position?).
    What the model predicts is then the class with the highest score in the mask.

    Args:
        class_index: one class for all images (an integer), or one per image (`n` integers).
        mask: which positions count, `(height, width)` for all images or `(n, height, width)`, of bools or of 0 and 1.

    Example:
        >>> segmentation = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Conv2D(3, 3, padding="same")])
        >>> mask = np.zeros((12, 12), bool)
        >>> mask[6, 6] = True
        >>> maps = ks.explain(segmentation, images, target=ks.PixelsOf(1, mask)).maps
        >>> int((maps[0] != 0).sum())  # the pixels that one position sees
        9
    """

    class_index: Any
    mask: Any

    def __post_init__(self) -> None:
        ClassIndex(self.class_index)
        mask = np.asarray(self.mask)
        if mask.dtype.kind not in "biuf" or mask.ndim < 1 or not np.isin(mask, (0, 1)).all():
            raise TypeError(
                "Expected a mask of bools, or of 0 and 1, over the positions of the output. "
                f"Received: shape={mask.shape}, dtype={mask.dtype}"
            )


@dataclass(frozen=True, eq=False)
class PerImage:
    """A score made with data of each image: `function(outputs, *rows)` returns `(n,)` scores.

    A function sees the outputs of a part of the images at a time, and methods that average ask about each image many
    times. The rows of the arrays are cut and repeated with the images.

    Args:
        function: from the outputs, and as many rows of each array, to one score per image.
        *arrays: a row for each image; floats and bools become float32.

    Example:
        >>> classes_to_tell_apart = np.eye(3)[labels] - np.eye(3)[(labels + 1) % 3]
        >>> margin = ks.PerImage(lambda outputs, rows: keras.ops.sum(outputs * rows, axis=-1), classes_to_tell_apart)
        >>> ks.explain(model, images, target=margin).score_kind
        'custom'
    """

    function: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]

    def __init__(self, function: Callable[..., Any], *arrays: Any) -> None:
        if not callable(function) or not arrays:
            raise TypeError(
                "Expected ks.PerImage(function, array, …): a function, and an array with a row for each image. "
                f"Received: function={function!r} and {len(arrays)} arrays"
            )
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "arrays", tuple(map(_rows, arrays)))


def _rows(array: Any) -> np.ndarray:
    """The array as frameworks take it: whole numbers, or floats of 32 bits.

    Bools are floats of 0 and 1: on TensorFlow a float times a tensor of bools is a bool, and its sum a count.
    """
    rows = np.asarray(array)
    if rows.dtype.kind not in "biuf" or rows.ndim < 1:
        raise TypeError(
            "Expected arrays of real numbers or bools, with a row for each image. "
            f"Received: shape={rows.shape}, dtype={rows.dtype}"
        )
    return rows.astype("float32") if rows.dtype.kind in "fb" else rows


ScoreFunction = Callable[..., Any]
Target = Predicted | Label | ClassIndex | OutputGradient | PixelsOf | PerImage | ScoreFunction

_NAMED: dict[str, Target] = {"predicted": Predicted(), "label": Label()}


def as_target(target: Any) -> Target:
    """The target that a short form stands for: `"predicted"`, `"label"`, one class index or one per image."""
    if isinstance(target, (Predicted, Label, ClassIndex, OutputGradient, PixelsOf, PerImage)):
        return target
    if isinstance(target, str) and target in _NAMED:
        return _NAMED[target]
    if callable(target) and not isinstance(target, type):
        return cast(ScoreFunction, target)
    if isinstance(target, (int, np.integer, list, tuple, np.ndarray)) and not isinstance(target, bool):
        return ClassIndex(target)
    raise ValueError(
        'Expected target to be "predicted", "label", a class index, one class index per image, '
        "ks.OutputGradient(array), ks.PixelsOf(class_index, mask), ks.PerImage(function, array) or a callable "
        f"`outputs -> (n,)`. Received: target={target!r}"
    )


@dataclass(frozen=True, eq=False)
class BoundTarget:
    """A target for `n` given images; exactly one of the first three is set.

    Attributes:
        classes: `(n,)` int32 class indices; `PREDICTED` leaves the choice to the model.
        output_gradient: an array of the output's shape, batch first, or of one example's shape.
        function: a callable from the model's outputs, and the arrays, to `(n,)` scores.
        mask: which positions count for classes, `total` of them or one for all; None: all do.
        arrays: `(n, …)` what the function takes beside the outputs.
        are_labels: whether the classes are the labels of the images.
        total: how many images the target was given for.
        rows: `(n,)` which of these the images are.
    """

    classes: np.ndarray | None = None
    output_gradient: np.ndarray | None = None
    function: ScoreFunction | None = None
    mask: np.ndarray | None = None
    arrays: tuple[np.ndarray, ...] = ()
    are_labels: bool = False
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
        return replace(
            self,
            classes=None if self.classes is None else self.classes[rows],
            arrays=tuple(array[rows] for array in self.arrays),
            rows=None if self.rows is None else self.rows[rows],
        )

    def of_classes(self, classes: np.ndarray) -> BoundTarget:
        """The scores of other classes, `(n,)`, at the same positions."""
        classes = np.asarray(classes, "int32")
        return BoundTarget(classes=classes, mask=self.mask, total=self.total, rows=self.rows)

    def aim(
        self, count: int, output_shape: tuple[int, ...], classes: int, positions: tuple[int, ...] = ()
    ) -> list[np.ndarray]:
        """What the score is made with beside the outputs, each with a row per image.

        The class indices, and behind them the mask if there is one; or the output gradient; or the function's arrays.

        Args:
            count: of images.
            output_shape: without the batch.
            classes: how many the output has.
            positions: the shape of the output without the batch and the classes.

        Raises:
            ValueError: a class index is too high, labels meet a single score, or the output gradient or the mask has
                another shape than the output.
        """
        if self.classes is not None:
            self._check_classes(output_shape, classes)
            return [self.classes, *self._masks(count, positions)]
        if self.output_gradient is None:
            return list(self.arrays)
        shape = self.output_gradient.shape
        if shape not in ((self.total, *output_shape), output_shape):
            raise ValueError(
                f"Expected an output gradient of the output's shape, {(self.total, *output_shape)}, or of one "
                f"image's, {output_shape}. Received: shape={shape}"
            )
        return [self._each(self.output_gradient, count, output_shape)]

    def _check_classes(self, output_shape: tuple[int, ...], classes: int) -> None:
        if self.are_labels and classes == 1:
            raise ValueError(
                "Labels are classes, and the model has one linear output, which nothing tells from a regression. If it "
                f"is a regression, give no labels, or {setting('target', 'predicted')}. If it is a binary classifier "
                f"trained with from_logits=True, say {setting('logits', 'binary')}."
            )
        highest = int(cast(np.ndarray, self.classes).max(initial=PREDICTED))
        if highest < classes:
            return
        otherwise = ""
        if classes == 1:
            otherwise = f". A binary classifier trained with from_logits=True: {setting('logits', 'binary')}"
        elif self.are_labels:
            otherwise = ". If the labels are values of a regression, give none"
        raise ValueError(
            f"Expected class indices below {classes}, as the model's output of shape {output_shape} has {classes} "
            f"{'class' if classes == 1 else 'classes'}. Received: class {highest}{otherwise}"
        )

    def _masks(self, count: int, positions: tuple[int, ...]) -> list[np.ndarray]:
        if self.mask is None:
            return []
        if not positions:
            raise ValueError(
                "ks.PixelsOf sums over the positions of an output, and this one has classes alone: give the class "
                "index itself as the target."
            )
        if self.mask.shape not in (positions, (self.total, *positions)):
            raise ValueError(
                f"Expected a mask of the output's geometry, {positions} or {(self.total, *positions)}: on the grid of "
                f"the output, whatever the size of the images. Received: shape={self.mask.shape}"
            )
        return [self._each(self.mask, count, positions)]

    def _each(self, array: np.ndarray, count: int, shape: tuple[int, ...]) -> np.ndarray:
        """The array with a row per image, where it has one for each of `total` images, or is one for all."""
        return np.broadcast_to(array, (count, *shape)) if array.shape == shape else array[self.rows]


def bind(target: Target, count: int, labels: np.ndarray | None) -> BoundTarget:
    """The target for `count` images with these labels, as a question takes it.

    Args:
        target: one of the targets of this page, or a function of the outputs.
        count: how many images there are.
        labels: `(count,)` class indices; None: they have none.

    Raises:
        ValueError: there are no labels for `Label`, or not `count` classes or rows of an array.

    Example:
        >>> from keras_saliency.probes.targets import bind
        >>> bind(ks.ClassIndex(2), 3, None).classes.tolist()
        [2, 2, 2]
    """
    if isinstance(target, Label) and labels is None:
        raise ValueError('target="label" needs labels: give the probe set `labels=`.')
    if isinstance(target, (Predicted, Label)):
        classes = PREDICTED if isinstance(target, Predicted) else labels
        return BoundTarget(classes=_one_each(classes, count), are_labels=isinstance(target, Label))
    if isinstance(target, ClassIndex):
        return BoundTarget(classes=_one_each(target.index, count))
    if isinstance(target, PixelsOf):
        mask = np.asarray(target.mask, "float32")
        classes = _one_each(target.class_index, count)
        return BoundTarget(classes=classes, mask=mask, total=count, rows=np.arange(count))
    if isinstance(target, OutputGradient):
        array = np.asarray(target.array, "float32")
        return BoundTarget(output_gradient=array, total=count, rows=np.arange(count))
    function, arrays = (target.function, target.arrays) if isinstance(target, PerImage) else (target, ())
    for array in arrays:
        if len(array) != count:
            raise ValueError(
                f"Expected arrays with a row for each image, {count} in all. Received: an array of shape "
                f"{array.shape}"
            )
    return BoundTarget(function=function, arrays=arrays)


def _one_each(index: Any, count: int) -> np.ndarray:
    """`(count,)` class indices from one or from `count` of them."""
    indices = np.asarray(index, "int32")
    if indices.ndim == 1 and len(indices) != count:
        raise ValueError(
            f"Expected one class index per image, {count} in all. Received: {len(indices)} class indices"
        )
    return np.broadcast_to(indices, (count,)).copy()
