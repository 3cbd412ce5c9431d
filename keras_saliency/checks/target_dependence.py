"""Does a map belong to the class that it is made for?"""

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
class TargetDependence(Check):
    """Maps change with the target: those of the explained class and of its strongest rival are not the same.

    It asks for any difference; how large one should be is asked by `RandomLogit`. Costs one forward pass and
    the maps once more.

    Args:
        limit: the highest median signed rank correlation; the default leaves room for rounding alone.

    Example:
        >>> report = ks.check(model, probes, ks.TargetDependence())
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.9999
    name: str = "target_dependence"

    registered: ClassVar[str] = "target_dependence"
    about: ClassVar[About] = "maps"
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=-1, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        if not subject.method.uses_target:
            raise CheckDoesNotApplyError(
                f"Maps of {subject.method.name} do not depend on a target by definition."
            )
        if not subject.targets_classes or (table := subject.predictions().table) is None:
            raise CheckDoesNotApplyError(
                "The explained score is not that of a class, so there is no other class."
            )
        if table.shape[1] == 2 and not subject.method.has_sign:
            raise CheckDoesNotApplyError(
                "Without a sign, the maps of two classes that are opposites are the same."
            )
        rivals = rival_classes(table, subject.explanation.target_classes)
        others = subject.about_classes(rivals)
        correlation = metrics.correlation_of_ranks(metrics.ranks(subject.rows(others)), subject.ranks)
        value = median(correlation)
        if np.isnan(value):
            return skipped(self, "All maps are constant, so they have no rank correlation.")
        sentence = (
            f"Maps change with the class that they are made for (rank correlation {value:.2f})."
            if value <= self.limit
            else "Maps are the same whichever class they are made for."
        )
        return judged(self, value, self.limit, "at_most", sentence, per_probe={"correlation": correlation})


def rival_classes(table: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The class with the highest score beside the given one, `(n,)`."""
    others = table.astype("float64")
    others[np.arange(len(others)), classes] = -np.inf
    return np.asarray(others.argmax(1))
