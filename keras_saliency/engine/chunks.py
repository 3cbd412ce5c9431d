"""How many examples go through a model at once."""

from __future__ import annotations

from math import ceil

USUAL = 32
LARGEST = 128
ROOM = 2**24


def rows_at_once(elements: int) -> int:
    """How many examples go through a model at once whose layers return so many elements for each.

    32; up to 128 as long as the layers return no more than 2²⁴ elements (64 MiB in float32) for all of them: small
    models are faster with many examples, large ones need the memory.
    """
    return min(LARGEST, max(USUAL, ROOM // max(1, elements)))


class ChunkLimit:
    """The most examples at once, for all steps of one model: less after memory ran out.

    Args:
        wanted: what the user asked for; None: equal chunks of at most `rows_at_once`.
    """

    def __init__(self, wanted: int | None) -> None:
        self._fixed = wanted

    def most(self, elements: int) -> int:
        """The limit for a model whose layers return so many elements for each example."""
        return rows_at_once(elements) if self._fixed is None else self._fixed

    def size(self, count: int, elements: int, used: set[int]) -> int:
        """The size of chunks for so many examples, one that was used before where it is not much too large."""
        if self._fixed is not None:
            return self._fixed
        fitting = ceil(count / ceil(count / self.most(elements)))
        return min((known for known in used if fitting <= known <= 2 * fitting), default=fitting)

    def halve(self, size: int) -> int:
        """Half of a size that was too much: the limit from now on."""
        self._fixed = (size + 1) // 2
        return self._fixed
