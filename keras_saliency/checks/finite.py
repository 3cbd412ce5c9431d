"""Are maps and scores numbers?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.checks.base import Check, judged
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True)
class Finite(Check):
    """Every value of every map, and every score, is finite. Costs the maps of the probes.

    Example:
        >>> report = ks.check(model, probes, ks.Finite())
        >>> report.results[0].status
        'passed'
    """

    name: str = "finite"

    registered: ClassVar[str] = "finite"
    cheap: ClassVar[bool] = True

    @override
    def run(self, subject: Subject) -> CheckResult:
        rows = np.isfinite(subject.rows()).all(1) & np.isfinite(subject.explanation.scores)
        share, bad = float(rows.mean()), int((~rows).sum())
        sentence = (
            "All maps and scores are finite."
            if not bad
            else f"{bad} of {len(rows)} probes have a score or a map that is not finite: NaN or infinite."
        )
        return judged(self, share, 1.0, "at_least", sentence, per_probe={"finite": rows.astype("float64")})
