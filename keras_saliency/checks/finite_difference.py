"""Is the map of a gradient method the gradient of the score?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_real, keep_whole
from keras_saliency.checks.base import Check, judged, skipped
from keras_saliency.checks.shared.statistics import median
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

_STEPS = (3e-2, 1e-2, 3e-3, 1e-3)


@dataclass(frozen=True)
class FiniteDifference(Check):
    """Maps of a gradient method agree with what the score does when the image moves a little.

    A few probes are moved along their own maps, forwards and backwards; the slope of the score is compared with the
    norm of the map. The best of four step lengths counts (3 % … 0.1 % of the image's standard deviation per value), as
    rectifiers bend at long steps and float32 rounds at short ones. Costs eight forward passes for each of at most
    `probes` probes.

    Args:
        limit: the highest median relative error.
        probes: how many probes are moved.

    Example:
        >>> report = ks.check(model, probes, ks.FiniteDifference(probes=4))
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.1
    probes: int = 8
    name: str = "finite_difference"

    registered: ClassVar[str] = "finite_difference"
    about: ClassVar[About] = "maps"
    essential: ClassVar[bool] = True
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_real(self, "limit", least=0)
        keep_whole(self, "probes")

    @override
    def run(self, subject: Subject) -> CheckResult:
        if not subject.method.is_gradient:
            raise CheckDoesNotApplyError(f"Maps of {subject.method.name} are not the gradient of the score.")
        if subject.question.model.is_half_precision:
            raise CheckDoesNotApplyError(
                "The model computes with fewer than 32 bits: differences drown in rounding."
            )
        errors = self._errors(subject)
        value = median(errors)
        if np.isnan(value):
            return skipped(self, "All maps are zero or not finite, so there is no direction to move along.")
        sentence = (
            f"The maps agree with finite differences of the score (relative error {value:.1%})."
            if value <= self.limit
            else f"The maps disagree with finite differences of the score by {value:.0%}: they are not its gradient."
        )
        return judged(self, value, self.limit, "at_most", sentence, per_probe={"error": errors})

    def _errors(self, subject: Subject) -> np.ndarray:
        """The relative error of each probe's slope, NaN for those that are not moved."""
        rows = subject.rows().astype("float64")
        lengths = np.linalg.norm(rows, axis=1)
        usable = np.flatnonzero(np.isfinite(lengths) & (lengths > 0))[: self.probes]
        errors = np.full(len(rows), np.nan)
        if len(usable):
            slopes = np.stack([self._slopes(subject, usable, rows, lengths, step) for step in _STEPS])
            errors[usable] = np.abs(slopes / lengths[usable] - 1).min(0)
        return errors

    @staticmethod
    def _slopes(
        subject: Subject, usable: np.ndarray, rows: np.ndarray, lengths: np.ndarray, step: float
    ) -> np.ndarray:
        """The slope of the score along the map, by the central difference."""
        question = subject.question.settled
        values = [value[usable].astype("float64") for value in question.values]
        flat = np.concatenate([value.reshape(len(usable), -1) for value in values], axis=1)
        deviation = np.where(flat.std(1) > 0, flat.std(1), 1.0)
        reach = step * deviation * np.sqrt(flat.shape[1])
        direction = rows[usable] / lengths[usable, None]
        ends = []
        for sign in (1.0, -1.0):
            moved = _split(flat + sign * reach[:, None] * direction, [value.shape for value in values])
            ends.append(question.at(usable, moved).scores.values.astype("float64"))
        return np.asarray((ends[0] - ends[1]) / (2 * reach))


def _split(flat: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Rows cut into arrays of these shapes, float32."""
    cuts = np.cumsum([int(np.prod(shape[1:])) for shape in shapes])[:-1]
    parts = np.split(flat, cuts, axis=1)
    return [part.reshape(shape).astype("float32") for part, shape in zip(parts, shapes, strict=True)]
