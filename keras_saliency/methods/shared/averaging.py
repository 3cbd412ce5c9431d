"""Maps at many moved versions of the same images: what all averaging methods share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import optree

from keras_saliency.engine import ScoredModel, Scores
from keras_saliency.methods.base import Method
from keras_saliency.probes.targets import BoundTarget

Arrays = list[np.ndarray]


def settled(model: ScoredModel, inputs: Any, target: BoundTarget) -> tuple[BoundTarget, Scores]:
    """The target with the classes that the model predicts for these inputs, and their scores.

    Moved versions of an image may be predicted otherwise; an average has to explain one and the same score. Costs
    one forward pass.
    """
    scores = model.scores(inputs, target)
    if target.classes is None:
        return target, scores
    return replace(target, classes=scores.target_classes.astype(target.classes.dtype)), scores


def maps_at(
    model: ScoredModel,
    method: Method,
    inputs: Any,
    target: BoundTarget,
    points: Iterable[Arrays],
    *,
    rng: np.random.Generator,
) -> Iterator[Any]:
    """The maps of a method at each of several values of the explained tensors, one after the other.

    Args:
        model: the model.
        method: which maps.
        inputs: `n` examples.
        target: theirs.
        points: values of the explained tensors, each for all examples: arrays `(n, …)`.
        rng: of the method.

    Yields:
        For each point the maps as the method gives them, for `n` examples. Several points share a call where there
        are few examples.
    """
    left = iter(points)
    count = model.count(inputs)
    at_once = max(1, model.rows_at_once(inputs, target) // count)
    while together := list(islice(left, at_once)):
        rows = np.tile(np.arange(count), len(together))
        values = together[0]
        if len(together) > 1:
            values = [np.concatenate(parts) for parts in zip(*together, strict=True)]
        moved = model.moved(inputs, target, rows, values)
        maps = method.explain(model, moved, target.take(rows), rng).maps
        for start in range(0, len(rows), count):
            of_point = slice(start, start + count)
            yield optree.tree_map(lambda leaf, of_point=of_point: leaf[of_point], maps)


def places(rows: np.ndarray, count: int) -> slice | np.ndarray:
    """These rows, in order and each once, of so many; all of them as a slice, which copies nothing."""
    return slice(None) if len(rows) == count else rows


def sum_of(maps: Iterable[Any]) -> Any:
    """The sum of maps, in their own precision."""
    left = iter(maps)
    total = optree.tree_map(np.array, next(left))
    for other in left:
        optree.tree_map_(lambda leaf, more: np.add(leaf, more, out=leaf), total, other)
    return total


def per_example(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`(n,)` values, shaped to be broadcast over arrays `(n, …)` like this one."""
    return values.reshape(-1, *[1] * (like.ndim - 1))
