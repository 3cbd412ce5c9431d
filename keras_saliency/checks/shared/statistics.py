"""The few statistics that checks share, each with a value for the case of no data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


def median(values: np.ndarray) -> float:
    """The median of the values that are not NaN; NaN where there are none."""
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else float("nan")


@dataclass(frozen=True)
class Proportion:
    """`hits` of `count`, with exact intervals (Clopper and Pearson 1934)."""

    hits: int
    count: int

    @property
    def share(self) -> float:
        """hits ÷ count; NaN where the count is 0."""
        return self.hits / self.count if self.count else float("nan")

    def lower(self, error: float = 0.05) -> float:
        """A lower bound of the true share, wrong in at most the share `error` of all cases; 0 without data."""
        from scipy.special import betaincinv

        return float(betaincinv(self.hits, self.count - self.hits + 1, error)) if self.hits else 0.0

    def upper(self, error: float = 0.05) -> float:
        """An upper bound of the true share, wrong in at most the share `error` of all cases; 1 without data."""
        from scipy.special import betaincinv

        missed = self.count - self.hits
        return float(betaincinv(self.hits + 1, missed, 1 - error)) if missed else 1.0

    def __str__(self) -> str:
        return f"{self.hits} of {self.count}"

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"hits": self.hits, "count": self.count}


def pooled(parts: Sequence[Proportion]) -> Proportion:
    """All trials together."""
    return Proportion(sum(part.hits for part in parts), sum(part.count for part in parts))


def more_often(first: Proportion, second: Proportion, error: float) -> bool:
    """Whether the first share is higher than the second, by Fisher's exact test (one-sided); true without a second."""
    from scipy.stats import fisher_exact

    if not second.count:
        return True
    table = [[first.hits, first.count - first.hits], [second.hits, second.count - second.hits]]
    return bool(fisher_exact(table, alternative="greater").pvalue <= error)
