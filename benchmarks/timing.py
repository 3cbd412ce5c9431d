"""Comparing costs on a machine that others use too: rounds in random order, medians, ratios."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

import numpy as np


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
