"""Maps at many moved versions of the same images: what all averaging methods share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import optree

from keras_saliency.engine import ScoredModel
from keras_saliency.methods.base import Method
from keras_saliency.targets import BoundTarget

ROWS_PER_CALL = 16

Arrays = list[np.ndarray]


def maps_at(
    model: ScoredModel,
    method: Method,
    inputs: Any,
    target: BoundTarget,
    points: Iterable[Arrays],
    *,
    rng: np.random.Generator,
) -> Iterator[Arrays]:
    """The maps of a method at each of several values of the explained tensors, one after the other.

    Args:
        model: the model.
        method: which maps.
        inputs: `n` examples.
        target: theirs.
        points: values of the explained tensors, each for all examples: arrays `(n, …)`.
        rng: of the method.

    Yields:
        For each point the maps, arrays `(n, …)`. Several points share a call where there are few examples.
    """
    values = iter(points)
    count = model.count(inputs)
    while together := list(islice(values, max(1, ROWS_PER_CALL // count))):
        rows = np.tile(np.arange(count), len(together))
        moved = model.moved(
            inputs, target, rows, [np.concatenate(parts) for parts in zip(*together, strict=True)]
        )
        leaves = optree.tree_leaves(method.explain(model, moved, target.take(rows), rng).maps)
        for first in range(0, len(rows), count):
            yield [leaf[first : first + count] for leaf in leaves]
