"""Examples go through a model in chunks of one size; after memory ran out, in smaller ones."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import optree

LARGEST = 128
MOST = 5 * 2**28
SMALL = 16
"""Fewer examples at once keep few cores busy: what was compiled for them serves no more than these."""

Rows = slice | np.ndarray


@dataclass(frozen=True)
class Room:
    """What a framework is fast with.

    Attributes:
        usual: examples at once.
        elements: more examples than these, as long as the layers return no more elements for all of them.
    """

    usual: int = 32
    elements: int = 2**24


ROOM = Room()


def rows_at_once(elements: int, room: Room = ROOM) -> int:
    """How many examples go through a model at once, where its layers return so many elements for each.

    The usual number, or as many as have room, up to 128: small models are faster with many examples. Fewer where these
    would return more than 5 GiB in float32 (of which TensorFlow keeps a third for a gradient, and JAX all on a CPU):
    large images need the memory, and are as fast by themselves. ResNet50 at 224 × 224 just takes 32.
    """
    elements = max(1, elements)
    return max(1, min(LARGEST, max(room.usual, room.elements // elements), MOST // elements))


class ChunkLimit:
    """The most examples at once, for all steps of one model: less after memory ran out.

    Args:
        wanted: what the user asked for; None: equal chunks of at most `rows_at_once`.
        room: see `Backend.room`.
    """

    def __init__(self, wanted: int | None, room: Room = ROOM) -> None:
        self._fixed, self._room = wanted, room

    def most(self, elements: int) -> int:
        """The limit for a model whose layers return so many elements for each example."""
        return rows_at_once(elements, self._room) if self._fixed is None else self._fixed

    def size(self, count: int, elements: int, used: set[int]) -> int:
        """The size of chunks for `count` examples: the one of those used before that leaves the least empty.

        A new one where that would leave half of the places empty, make many chunks, or small ones.
        """
        if self._fixed is not None:
            return self._fixed
        fitting = ceil(count / ceil(count / self.most(elements)))
        least = max(fitting / 4, min(fitting, SMALL))
        places = {size: ceil(count / size) * size for size in used if size >= least}
        known = [size for size in places if places[size] <= 2 * count]
        return min(known, key=lambda size: (places[size], -size), default=fitting)

    def halve(self, size: int) -> int:
        """Half of a size that was too much, which is the limit from now on."""
        self._fixed = (size + 1) // 2
        return self._fixed


def in_chunks(
    evaluate: Callable[[Rows], Any],
    count: int,
    chunk: int,
    limit: ChunkLimit,
    *,
    is_out_of_memory: Callable[[Exception], bool],
    done: Callable[[int, int], None],
) -> Any:
    """What `evaluate` returns for `count` examples, chunk by chunk; a chunk that memory does not hold is halved.

    Args:
        evaluate: from the rows of a chunk to a tree of numpy arrays, the batch first. Past the end the last row comes
            again, so that every chunk has one size.
        count: how many examples there are.
        chunk: the size to begin with.
        limit: is told where a chunk was too much.
        is_out_of_memory: whether an error says so.
        done: is called after each chunk with its size and the number of new examples in it.
    """
    results, start = [], 0
    while start < count:
        try:
            results.append(evaluate(rows_of(start, chunk, count)))
        except Exception as error:
            if chunk == 1 or not is_out_of_memory(error):
                raise
            gc.collect()  # on PyTorch, Keras leaves the inputs of every call to it
            chunk = limit.halve(chunk)
            continue
        done(chunk, min(chunk, count - start))
        start += chunk
    return optree.tree_map(lambda *parts: _joined(parts)[:count], *results)


def rows_of(start: int, chunk: int, count: int) -> Rows:
    """The rows of a chunk; past the end the last one is repeated."""
    if start + chunk <= count:
        return slice(start, start + chunk)
    return np.minimum(np.arange(start, start + chunk), count - 1)


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The parts after each other; a single one is not copied, and may be read-only."""
    return np.concatenate(parts) if len(parts) > 1 else parts[0]
