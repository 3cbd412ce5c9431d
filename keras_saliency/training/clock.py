"""The time that looks take, and the training around them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Runs from the moment it is made until it is stopped.

    Attributes:
        looking: seconds spent in looks.
    """

    def __init__(self) -> None:
        self.looking = 0.0
        self._started = time.perf_counter()
        self._ended: float | None = None

    @contextmanager
    def timed(self) -> Iterator[None]:
        """The block is spent in a look."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.looking += time.perf_counter() - started

    def stop(self) -> None:
        """The training is over."""
        self._ended = time.perf_counter()

    @property
    def percent(self) -> float:
        """What the looks took, as a percentage of the whole time: never more than 100."""
        until = time.perf_counter() if self._ended is None else self._ended
        return 100 * self.looking / max(until - self._started, self.looking, 1e-9)
