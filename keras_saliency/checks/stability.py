"""Does a map stay when its image hardly changes?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import keep_real, keep_whole
from keras_saliency.checks.base import Check, judged, skipped
from keras_saliency.checks.shared.exhibits import worst_probe
from keras_saliency.checks.shared.pixels import Pixels
from keras_saliency.checks.shared.statistics import median
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True)
class Stability(Check):
    """Maps hardly move when their images hardly do.

    The max-sensitivity of each probe (Yeh et al. 2019, arXiv:1901.09392): the largest ‖change of the map‖ ÷
    ‖map‖ over random images close by. The median over the probes is judged: up to `limit` passes; from 1 on, where
    maps change by as much as they hold, the check fails; what lies between is a warning. An unrelated map of the
    same strength has 1.41.

    Unstable maps say that one map of one image is not to be trusted (average it: `ks.SmoothGrad`), not that the
    model is wrong. Maps that ignore the image have 0; `input_dependence` looks for these. Costs `samples` times
    the maps of the probes.

    Args:
        limit: the highest median sensitivity.
        radius: how far images move, as a fraction of their range.
        samples: how many images close by.

    Example:
        >>> report = ks.check(model, probes, ks.Stability(samples=5))
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.75
    radius: float = 0.02
    samples: int = 10
    name: str = "stability"

    registered: ClassVar[str] = "stability"
    about: ClassVar[About] = "maps"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=0)
        keep_real(self, "radius", above=0)
        keep_whole(self, "samples")

    @override
    def run(self, subject: Subject) -> CheckResult:
        pixels = Pixels.of(subject)
        if pixels is None:
            raise CheckDoesNotApplyError("None of the inputs is an image that could be moved.")
        sensitivity = metrics.max_sensitivity(
            subject.rows(),
            pixels.images,
            pixels.maps,
            subject.rng(self.name),
            radius=self.radius,
            samples=self.samples,
        )
        value = median(sensitivity)
        if np.isnan(value):
            return skipped(self, "All maps are zero or not finite, or all images constant: nothing can move.")
        sentence = (
            f"Maps change by {value:.0%} of their strength when images change by {self.radius:.0%} of their range"
            + ("." if value <= self.limit else f"; up to {self.limit:.0%} is usual.")
        )
        return judged(
            self,
            value,
            self.limit,
            "at_most",
            sentence,
            otherwise="warned" if value < max(1.0, self.limit) else "failed",
            per_probe={"sensitivity": sensitivity},
            pictures={} if value <= self.limit else worst_probe(subject, -sensitivity),
            details={"worst probe": float(np.nanmax(sensitivity))},
        )
