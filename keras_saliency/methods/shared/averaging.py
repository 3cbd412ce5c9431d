"""Maps at many moved versions of the same images: what all averaging methods share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import optree

from keras_saliency.engine import Question
from keras_saliency.methods.base import Method

Arrays = list[np.ndarray]


def maps_at(
    question: Question, method: Method, points: Iterable[Arrays], *, rng: np.random.Generator
) -> Iterator[Any]:
    """The maps of a method at each of several values of the explained tensors, one after the other.

    Args:
        question: about `n` examples.
        method: which maps.
        points: values of the explained tensors, each for all examples: arrays `(n, …)`.
        rng: of the method.

    Yields:
        For each point the maps as the method gives them, for `n` examples. Several points share a call where there
        are few examples.
    """
    left = iter(points)
    count = len(question)
    at_once = max(1, question.rows_at_once // count)
    while together := list(islice(left, at_once)):
        rows = np.tile(np.arange(count), len(together))
        values = [np.concatenate(parts) for parts in zip(*together, strict=True)]
        maps = method.explain(question.at(rows, values), rng).maps
        for start in range(0, len(rows), count):
            of_point = slice(start, start + count)
            yield optree.tree_map(lambda leaf, of_point=of_point: leaf[of_point], maps)


def moved(own: Any, each: Any) -> tuple[list[Any], None]:
    """Values of explained tensors, moved by shares of ways of their own; see `Points.place`."""
    pairs = zip(*own, each, strict=True)
    return [start + way * share for start, way, share in pairs], None


def shifts(share: float, values: Arrays) -> Arrays:
    """One share for all of what is explained, to be broadcast over it."""
    return [np.full((1,) * value.ndim, share, "float32") for value in values]


def places(rows: np.ndarray, count: int) -> slice | np.ndarray:
    """An index of these rows, in order and each once; a slice where they are all of `count`, which copies nothing."""
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
