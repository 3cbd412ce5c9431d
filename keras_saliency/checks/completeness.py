"""Do the maps sum to the change of the score?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check, judged
from keras_saliency.checks.shared.exhibits import worst_probe
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.metrics.completeness import completeness_error
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True)
class Completeness(Check):
    """Maps that distribute the change of the score over the values sum to that change.

    For methods that promise it: those whose diagnostics have a `"completeness_delta"`, the sum of the map minus
    the change of the score, such as integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365). Judged is
    the median over the probes of their `"completeness_error"`, |delta| ÷ |change of the score|; where a score hardly
    changes, its change counts as 0.1 % of the map's magnitude. A single probe that misses by more than `worst` is a
    warning. Costs the maps of the probes.

    Args:
        limit: the highest median error. Sundararajan et al. hold 5 % to be enough.
        worst: the highest error of a single probe.

    Example:
        >>> report = ks.check(model, probes, ks.Completeness(limit=0.02), method="integrated_gradients")
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.05
    worst: float = 0.1
    name: str = "completeness"

    registered: ClassVar[str] = "completeness"
    about: ClassVar[About] = "maps"
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=0)
        keep_real(self, "worst", least=0)

    @override
    def run(self, subject: Subject) -> CheckResult:
        delta = subject.explanation.diagnostics.get("completeness_delta")
        if delta is None:
            raise CheckDoesNotApplyError(
                f"Maps of {subject.method.name} do not promise to sum to a change of the score; those of "
                "integrated_gradients do."
            )
        error = _errors(subject, np.asarray(delta, "float64"))
        value, worst = float(np.median(error)), float(error.max())  # NaN where one is
        missed_by = f"by {value:.1%} (median probe; the worst one by {worst:.1%}): take more gradients."
        details = {"worst probe": worst}
        if value <= self.limit and worst > self.worst:
            sentence = f"The maps of some probes miss the change of the score {missed_by}"
            return CheckResult(
                self.name,
                "warned",
                sentence,
                value,
                self.limit,
                "at_most",
                {"error": error},
                worst_probe(subject, -error),
                details,
            )
        sentence = (
            f"The maps sum to the change of the score to within {value:.1%} (the worst probe: {worst:.1%})."
            if value <= self.limit
            else f"The maps miss the change of the score that they distribute {missed_by}"
        )
        return judged(
            self, value, self.limit, "at_most", sentence, per_probe={"error": error}, details=details
        )


def _errors(subject: Subject, delta: np.ndarray) -> np.ndarray:
    """The completeness error of each probe, as the method tells it, or from its maps."""
    if (told := subject.explanation.diagnostics.get("completeness_error")) is not None:
        return np.asarray(told, "float64")
    rows, half = subject.rows().astype("float64"), subject.question.model.is_half_precision
    return completeness_error(
        delta, rows.sum(1) - delta, np.abs(rows).sum(1), subject.explanation.scores, half=half
    )
