"""Does a map belong to its image?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import optree
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check, judged
from keras_saliency.checks.shared.statistics import median
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

_SAME = 0.9999


@dataclass(frozen=True)
class InputDependence(Check):
    """Maps follow their images: shown in another order, each image still gets its map.

    The probes are explained again, each moved on by one place; the signed rank correlation of the map of each
    image before and after is judged. Maps that are drawn at random stay with the position instead. Where the maps of
    different images are all the same, as those of a linear model are, that is a warning. Costs the maps once more.

    Args:
        limit: the least median correlation. Methods that draw noise stay above it (SmoothGrad with 5 samples does).

    Example:
        >>> report = ks.check(model, probes, ks.InputDependence(limit=0.8))
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.5
    name: str = "input_dependence"

    registered: ClassVar[str] = "input_dependence"
    about: ClassVar[About] = "maps"
    essential: ClassVar[bool] = True
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=-1, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        count = len(subject.probes)
        if count < 2:
            raise CheckDoesNotApplyError("One probe alone does not tell whether maps depend on the image.")
        order = np.roll(np.arange(count), 1)
        if all((leaf == leaf[:1]).all() for leaf in optree.tree_leaves(subject.probes.images)):
            raise CheckDoesNotApplyError("All probes are the same image.")
        own = subject.ranks
        again = metrics.ranks(subject.rows(subject.question.take(order)))
        followed = metrics.correlation_of_ranks(again, own[order])[np.argsort(order)]
        of_another = metrics.correlation_of_ranks(own, own[order])
        value, alike = median(followed), median(of_another)
        details = {"correlation with the map of another image": alike}
        found = {"correlation": followed}
        if alike >= _SAME and value >= self.limit:
            sentence = (
                "The maps of all images are the same, as for a linear model: they say nothing about one."
            )
            return CheckResult(
                self.name, "warned", sentence, value, self.limit, "at_least", found, {}, details
            )
        if np.isnan(value):
            sentence = "No map has a rank correlation with itself: all are constant."
        elif value >= self.limit:
            sentence = f"Maps follow their images when these change places (rank correlation {value:.2f})."
        else:
            sentence = (
                f"Maps do not follow their images when these change places (rank correlation {value:.2f}): "
                "they do not come from the images."
            )
        return judged(self, value, self.limit, "at_least", sentence, per_probe=found, details=details)
