"""Do the maps sum to what they share out?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from keras_saliency.checks.base import CheckResult, judged, skipped
from keras_saliency.checks.statistics import median

if TYPE_CHECKING:
    from keras_saliency.checks.subject import Subject


@dataclass(frozen=True)
class Completeness:
    """Maps that share out the change of the score from a baseline sum to that change.

    For methods that promise it: those whose diagnostics have a `"completeness_delta"`, the sum of the map minus
    the change of the score, such as integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365). What is
    judged is the worst probe's |delta| ÷ |change of its score|; where a score hardly changes, its change counts as
    the median one. Costs the maps of the probes.

    Args:
        limit: the highest relative error. Sundararajan et al. hold 5 % to be enough.
    """

    limit: float = 0.05
    name: str = "completeness"

    registered: ClassVar[str] = "completeness"
    cheap: ClassVar[bool] = True

    def run(self, subject: Subject) -> CheckResult:
        """See `Check`."""
        delta = subject.explanation.diagnostics.get("completeness_delta")
        if delta is None:
            return skipped(
                self,
                f"Maps of {subject.method.name} do not promise to sum to a change of the score; those of "
                "integrated_gradients do.",
            )
        missed = np.abs(np.asarray(delta, "float64"))
        change = np.abs(subject.rows().sum(1, dtype="float64") - np.asarray(delta, "float64"))
        error = missed / np.maximum(change, median(change))
        value = float(error.max())  # NaN where one is
        sentence = (
            f"The maps sum to the change of the score to within {value:.1%}."
            if value <= self.limit
            else f"The maps miss the change of the score that they share out by up to {value:.1%}: take more steps."
        )
        details = {"median error": median(error)}
        return judged(
            self, value, self.limit, "at_most", sentence, per_probe={"error": error}, details=details
        )
