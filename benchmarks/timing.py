"""Comparing costs on a machine that others use too: rounds in random order, medians, ratios."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor and of the clock."""

    processor: float = 0
    clock: float = 0

    def __add__(self, other: Cost) -> Cost:
        """Both after each other."""
        return Cost(self.processor + other.processor, self.clock + other.clock)

    def __sub__(self, other: Cost) -> Cost:
        """What the other one does not take."""
        return Cost(self.processor - other.processor, self.clock - other.clock)


def now() -> Cost:
    """What was spent so far."""
    return Cost(time.process_time(), time.perf_counter())


def milliseconds(
    tasks: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 2
) -> dict[str, np.ndarray]:
    """The time of every task in every round, after some rounds to warm up.

    The tasks take turns, in another order every round: what ran before decides what is in the caches.
    """
    found: dict[str, list[float]] = {name: [] for name in tasks}
    order, rng = list(tasks), random.Random(0)
    for turn in range(rounds + warm_up):
        rng.shuffle(order)
        for name in order:
            started = time.perf_counter()
            tasks[name]()
            if turn >= warm_up:
                found[name].append(1000 * (time.perf_counter() - started))
    return {name: np.array(values) for name, values in found.items()}
