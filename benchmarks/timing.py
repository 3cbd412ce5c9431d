"""Comparing costs on a machine that others use too: interleaved rounds, medians, ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np


def milliseconds(
    tasks: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 2
) -> dict[str, np.ndarray]:
    """The time of every task in every round, after some rounds to warm up; the tasks take turns."""
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + warm_up):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if turn >= warm_up:
                found[name].append(1000 * (time.perf_counter() - started))
    return {name: np.array(values) for name, values in found.items()}
