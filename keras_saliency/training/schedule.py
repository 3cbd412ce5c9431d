"""When a callback looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_saliency.arguments import keep_whole, whole


@dataclass(frozen=True)
class Batches:
    """Looks inside epochs: at the first end of a batch that is at least `count` batches after the last look.

    Args:
        count: a positive number of batches.

    Example:
        >>> saliency = ks.SaliencyCallback(probes, "logs", every=ks.Batches(2))
        >>> _ = model.fit(images, labels, batch_size=2, epochs=1, verbose=0, callbacks=[saliency])
        >>> [look.step for look in saliency.looks]
        [0, 2, 4, 6]
    """

    count: int

    def __post_init__(self) -> None:
        keep_whole(self, "count")

    def __str__(self) -> str:
        return f"{self.count} batches"


def as_interval(every: Any) -> int | Batches:
    """The time between two looks, in epochs or in batches."""
    return every if isinstance(every, Batches) else whole("every", every, 1, otherwise="ks.Batches(count)")
