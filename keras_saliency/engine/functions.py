"""Calling a target that is a function of the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import optree
from keras import ops

from keras_saliency.engine import seams
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.probes.targets import BoundTarget, ScoreFunction

Tensor = Any


def called_function(function: ScoreFunction, outputs: Any, rows: Sequence[Tensor], count: int) -> Tensor:
    """The scores of `count` examples by a function of the outputs and of rows of arrays, `(count,)` float32.

    Raises:
        ValueError: the function fails, or does not return one score per example.
    """
    try:
        scores = function(outputs, *rows)
    except Exception as error:
        if current_backend().is_out_of_memory(error):
            raise
        raise ValueError(
            f"The target function failed, called with the outputs of {count} images. {_PARTS} "
            f"It said: {type(error).__name__}: {error}"
        ) from error
    if not ops.is_tensor(scores) or tuple(scores.shape) != (count,):
        raise ValueError(
            f"Expected the target function to return one score per example, a tensor of shape (n,); here n is "
            f"{count}. {_PARTS} Received: {getattr(scores, 'shape', type(scores).__name__)}"
        )
    return ops.cast(scores, "float32")


_PARTS = (
    "It must work for any number of images: it sees the outputs of a part of the batch at a time, and of some images "
    "many times. Data of each image goes in by target=ks.PerImage(function, array)."
)


@dataclass(frozen=True)
class Returned:
    """The shape, batch included, and the data type of what a model returned in a trace."""

    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, leaf: Any) -> Any:
        """Those of a tensor; what is none stays as it is."""
        if not ops.is_tensor(leaf):
            return leaf
        return cls(tuple(leaf.shape), keras.backend.standardize_dtype(leaf.dtype))


def check_function(function: ScoreFunction, outputs: Any, rows: Sequence[Any], count: int) -> None:
    """Refuse a function that works for a certain number of images alone, by calling it with shapes of another number.

    Args:
        function: from outputs and rows to scores.
        outputs: a tree of what the model returned.
        rows: arrays with a row per image.
        count: a number of images that nothing else has.
    """
    leaves, structure = optree.tree_flatten(outputs)
    tensors = {position: leaf for position, leaf in enumerate(leaves) if isinstance(leaf, Returned)}

    def call(*given: Tensor) -> Tensor:
        placed = dict(zip(tensors, given, strict=False))
        whole = optree.tree_unflatten(structure, [placed.get(at, leaf) for at, leaf in enumerate(leaves)])
        return called_function(function, whole, given[len(tensors) :], count)

    def spec(leaf: Any) -> keras.KerasTensor:
        return keras.KerasTensor((count, *leaf.shape[1:]), keras.backend.standardize_dtype(leaf.dtype))

    with without_a_trace():
        seams.backend.compute_output_spec(call, *map(spec, (*tensors.values(), *rows)))


def of_first(target: BoundTarget, count: int) -> ScoreFunction | None:
    """The target's function with the rows of the first images, as one of their outputs alone; None if it has none."""
    function = target.function
    if function is None:
        return None
    rows = [array[:count] for array in target.arrays]
    return lambda outputs: function(outputs, *map(ops.convert_to_tensor, rows))
