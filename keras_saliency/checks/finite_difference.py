"""Is the map of a gradient method the gradient of the score?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import keep_real, keep_whole
from keras_saliency.checks.base import Check, judged, skipped
from keras_saliency.checks.shared.statistics import median
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.metrics.reach import shortest_step
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.engine import Question

_POINTS = 8
_PART = 1 / 8
_SEEN = 1 / 255


@dataclass(frozen=True)
class FiniteDifference(Check):
    """Maps of a gradient method agree with what the score does when the image moves a little.

    Whatever the bends of rectifiers in between, the slope of a score over a step is the mean of its gradient along the
    step. So a few probes are moved along their own maps, forwards and backwards, and the slope is compared with the
    mean of the maps of eight images spread over the step, less two standard errors of that mean. The step is an
    eighth as long as the map of the probe holds, see `metrics.gradient_reach`, and at least so long that float32 tells
    the change.
    Judged is the median over the probes of that difference ÷ the larger one of the two; `per_probe["gradient_reach"]`
    says how far each map holds. Costs 12 forward passes and 8 maps for each of at most `probes` probes.

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
        errors, reach = self._measured(subject)
        value, held = median(errors), median(reach)
        if np.isnan(value):
            return skipped(
                self,
                "No probe could be judged: maps are zero or not finite, the score hardly changes along them, or they "
                f"change too fast for {_POINTS} of them to tell their mean.",
            )
        sentence = (
            f"The maps agree with how the score really changes (relative error {value:.1%}). {_told(held)}"
            if value <= self.limit
            else f"The maps disagree with how the score really changes by {value:.0%}: they are not its gradient."
        )
        return judged(
            self,
            value,
            self.limit,
            "at_most",
            sentence,
            per_probe={"error": errors, "gradient_reach": reach},
            details={"gradient reach": held},
        )

    def _measured(self, subject: Subject) -> tuple[np.ndarray, np.ndarray]:
        """The relative error of each probe's slope, NaN for those that are not judged; and how far each map holds."""
        rows = subject.rows()
        lengths = np.linalg.norm(rows.astype("float64"), axis=1)
        usable = np.flatnonzero(np.isfinite(lengths) & (lengths > 0))[: self.probes]
        errors, reach = np.full((2, len(rows)), np.nan)
        if len(usable):
            moved = _AlongMaps(subject, usable, rows[usable])
            reach[usable] = metrics.gradient_reach(moved.maps, moved.images, moved.scores)
            errors[usable] = moved.errors(reach[usable])
        return errors, reach


class _AlongMaps:
    """Some probes, moved along their maps.

    Attributes:
        maps: `(n, values)`, all explained tensors in a row.
        images: their values, likewise.
    """

    def __init__(self, subject: Subject, probes: np.ndarray, maps: np.ndarray) -> None:
        self._subject, self._probes = subject, probes
        self._question = subject.question.settled
        values = [value[probes] for value in self._question.values]
        self._shapes = [value.shape[1:] for value in values]
        self.maps = maps
        self.images = np.concatenate([value.reshape(len(probes), -1) for value in values], 1).astype(
            "float32"
        )

    def scores(self, images: np.ndarray) -> np.ndarray:
        """The scores of the probes with these values."""
        return self._at(images, self._probes).scores.values.astype("float64")

    def errors(self, steps: np.ndarray) -> np.ndarray:
        """The relative errors of the slopes over an eighth of these steps, or over longer ones that float32 tells."""
        steps = np.fmax(_PART * steps, shortest_step(self.maps, self.images, self.scores(self.images)))
        maps = self.maps.astype("float64")
        unit = maps / np.linalg.norm(maps, axis=1, keepdims=True)
        deviation = steps * np.ptp(self.images, axis=1) * np.sqrt(maps.shape[1])
        far = np.isfinite(deviation) & (deviation > 0)
        reach = np.where(far, deviation, 0.0)[:, None] * unit
        ends = [self.images + sign * reach for sign in (1.0, -1.0)]
        over = np.where(far, 2 * deviation, np.nan)
        slopes = (self.scores(ends[0]) - self.scores(ends[1])) / over
        places = (2 * np.arange(_POINTS) + 1) / _POINTS - 1
        points = np.concatenate([(self.images + place * reach).astype("float32") for place in places])
        asked = self._at(points, np.tile(self._probes, _POINTS))
        found = self._subject.rows(asked).reshape(_POINTS, *maps.shape)
        along = np.stack([(one * unit).sum(1) for one in found])
        means, apart = along.mean(0), np.diff(along, axis=0)
        # Of neighbours (von Neumann 1941): what changes evenly along the step is no noise.
        standard_errors = np.sqrt((apart**2).mean(0) / 2 / _POINTS)
        size = np.maximum(np.abs(slopes), np.abs(means))
        errors = np.maximum(np.abs(slopes - means) - 2 * standard_errors, 0) / size
        return np.where(2 * standard_errors <= size / 2, errors, np.nan)

    def _at(self, rows: np.ndarray, probes: np.ndarray) -> Question:
        """The question about these probes with other values."""
        cuts = np.cumsum([int(np.prod(shape)) for shape in self._shapes])[:-1]
        parts = np.split(np.asarray(rows, "float32"), cuts, axis=1)
        values = [part.reshape(-1, *shape) for part, shape in zip(parts, self._shapes, strict=True)]
        return self._question.at(probes, values)


def _told(reach: float) -> str:
    """How far the gradient of a point holds, and what follows."""
    if reach >= _SEEN:
        return f"The gradient of a point holds over steps of {reach:.1%} of the range of the image."
    return (
        f"But the gradient of a point holds only over steps of {reach:.2g} of the range of the image, less than one "
        "grey level (1/255): averaged maps (smoothgrad, integrated_gradients) are the ones to read."
    )
