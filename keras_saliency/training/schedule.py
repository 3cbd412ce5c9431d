"""When a callback looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Batches:
    """Looks inside epochs: at the first end of a batch that is at least `count` batches after the last look.

    Args:
        count: a positive number of batches.
    """

    count: int

    def __post_init__(self) -> None:
        if not _is_count(self.count):
            raise ValueError(f"Expected a positive number of batches. Received: Batches({self.count!r})")

    def __str__(self) -> str:
        return f"{self.count} batches"


def as_interval(every: Any) -> int | Batches:
    """The time between two looks, in epochs or in batches."""
    if isinstance(every, Batches) or _is_count(every):
        return every  # type: ignore[no-any-return]
    raise ValueError(
        f"Expected every to be a positive number of epochs, or ks.Batches(count). Received: every={every!r}"
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
