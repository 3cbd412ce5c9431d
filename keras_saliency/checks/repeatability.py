"""Is the same look twice the same?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check, judged
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True)
class Repeatability(Check):
    """The same look twice gives the same maps: the largest difference ÷ the largest value of each map.

    Costs the maps once more.

    Args:
        limit: the highest difference. On one device ours is exactly 0; the default leaves room for devices whose
            sums have no fixed order.

    Example:
        >>> report = ks.check(model, probes, ks.Repeatability())
        >>> report.results[0].status
        'passed'
    """

    limit: float = 1e-3
    name: str = "repeatability"

    registered: ClassVar[str] = "repeatability"
    about: ClassVar[About] = "maps"
    essential: ClassVar[bool] = True
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=0)

    @override
    def run(self, subject: Subject) -> CheckResult:
        first, second = subject.rows(), subject.rows(subject.again)
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        with np.errstate(invalid="ignore"):
            differences = np.where(same, 0.0, np.abs(np.subtract(first, second, dtype="float64"))).max(1)
        scale = np.abs(np.nan_to_num(first)).max(1)
        relative = differences / np.where(scale > 0, scale, 1.0)
        value = float(relative.max())
        sentence = (
            "The same look twice gives the same maps."
            if value <= self.limit
            else f"The same look twice gives maps that differ by up to {value:.1%} of their largest value."
        )
        return judged(self, value, self.limit, "at_most", sentence, per_probe={"difference": relative})
