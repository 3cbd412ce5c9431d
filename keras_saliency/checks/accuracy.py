"""Is the model right on the probes?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check, judged
from keras_saliency.checks.shared.statistics import Proportion
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True)
class Accuracy(Check):
    """The share of probes that are predicted as labelled is at least a limit. Costs one forward pass.

    Args:
        limit: the least share, from 0 to 1.

    Example:
        >>> report = ks.check(model, probes, ks.Accuracy(0.9))
        >>> report.results[0].status
        'passed'
    """

    limit: float
    name: str = "accuracy"

    registered: ClassVar[str] = "accuracy"
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=0, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        labels = subject.probes.labels
        if labels is None:
            raise CheckDoesNotApplyError(
                "The probes have no labels: add them, for predictions to be held against."
            )
        predicted = subject.predictions().predicted_classes
        if (predicted < 0).any():
            raise CheckDoesNotApplyError("The model predicts no class.")
        right = predicted == labels
        found = Proportion(int(right.sum()), len(right))
        sentence = (
            f"{found} probes are predicted as labelled ({found.share:.0%}; at least {self.limit:.0%} are asked "
            "for)."
        )
        return judged(
            self,
            found.share,
            self.limit,
            "at_least",
            sentence,
            per_probe={"correct": right.astype(np.float64)},
            details={"upper bound (95 %)": found.upper()},
        )
