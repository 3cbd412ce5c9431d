"""Do the maps tell one class from another?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check, judged, skipped
from keras_saliency.checks.shared.statistics import median
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True)
class RandomLogit(Check):
    """Maps for another class, drawn at random for each probe, do not look like those for its own.

    The test of Sixt et al. 2020 (arXiv:1912.09818). The median over the probes of the rank correlation of signed
    maps is judged. Costs the maps once more.

    Args:
        limit: the highest median correlation.

    Example:
        >>> report = ks.check(model, probes, ks.RandomLogit())
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.5
    name: str = "random_logit"

    registered: ClassVar[str] = "random_logit"
    about: ClassVar[About] = "maps"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=-1, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        method = subject.method
        if not method.uses_target:
            raise CheckDoesNotApplyError(f"Maps of {method.name} do not depend on a target by definition.")
        if not method.has_sign:
            raise CheckDoesNotApplyError(
                "Maps without a sign look alike wherever images have an empty background."
            )
        if not subject.targets_classes or (table := subject.predictions().table) is None:
            raise CheckDoesNotApplyError(
                "The explained score is not that of a class, so there is no other class."
            )
        own = subject.explanation.target_classes
        steps = subject.rng(self.name).integers(1, table.shape[1], len(own))
        others = subject.about_classes((own + steps) % table.shape[1])
        correlation = metrics.correlation_of_ranks(metrics.ranks(subject.rows(others)), subject.ranks)
        value = median(correlation)
        if np.isnan(value):
            return skipped(self, "All maps are constant, so they have no rank correlation.")
        sentence = (
            f"Maps for a class drawn at random keep a rank correlation of {value:.2f} with those for the own class"
            + (": they tell classes apart." if value <= self.limit else ": they hardly tell classes apart.")
        )
        return judged(self, value, self.limit, "at_most", sentence, per_probe={"correlation": correlation})
