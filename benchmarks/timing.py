"""Comparing costs on a machine that others use too: interleaved rounds, medians, ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np


def milliseconds(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """The time of every task in every round, after two rounds to warm up; the tasks take turns."""
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 2):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if turn >= 2:
                found[name].append(1000 * (time.perf_counter() - started))
    return {name: np.array(values) for name, values in found.items()}
