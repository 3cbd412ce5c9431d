"""Do the maps say anything?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check, judged
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True)
class Nonzero(Check):
    """Maps are not zero everywhere and not one constant: such a map shows nothing. Costs the maps of the probes.

    A single such map is a warning (a unit that is dead on one image); fewer than `limit` of the maps with any
    content is a failure.

    Args:
        limit: the least share of maps that vary.

    Example:
        >>> report = ks.check(model, probes, ks.Nonzero())
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.5
    name: str = "nonzero"

    registered: ClassVar[str] = "nonzero"
    about: ClassVar[About] = "maps"
    essential: ClassVar[bool] = True
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=0, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        rows = subject.rows()
        varies = (rows != rows[:, :1]).any(1)  # NaN differs from itself
        zero = int((rows == 0).all(1).sum())
        constant = int((~varies).sum()) - zero
        sentence = (
            "Every map varies."
            if varies.all()
            else f"{zero} of {len(rows)} maps are zero everywhere and {constant} are another constant."
        )
        found = {"varies": varies.astype("float64")}
        result = judged(self, float(varies.mean()), self.limit, "at_least", sentence, per_probe=found)
        return replace(result, status="warned") if result.status == "passed" and not varies.all() else result
