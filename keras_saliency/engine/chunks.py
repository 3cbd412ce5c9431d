"""How many examples go through a model at once."""

from __future__ import annotations

from math import ceil

LARGEST = 32


class ChunkLimit:
    """The most examples at once, for all steps of one model: less after memory ran out.

    Args:
        wanted: what the user asked for; None: equal chunks of at most 32.
    """

    def __init__(self, wanted: int | None) -> None:
        self._fixed = wanted

    def size(self, count: int, used: set[int]) -> int:
        """The size of chunks for so many examples, one that was used before where it is not much too large."""
        if self._fixed is not None:
            return self._fixed
        fitting = ceil(count / ceil(count / LARGEST))
        return min((known for known in used if fitting <= known <= 2 * fitting), default=fitting)

    def halve(self, size: int) -> int:
        """Half of a size that was too much: the limit from now on."""
        self._fixed = (size + 1) // 2
        return self._fixed
