"""What trainings of one network have in common: a few numbers, and how far they may differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from keras_saliency import metrics

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

PRIOR_TRAININGS = 4
"""How many trainings the spread counts as that was measured on the demo."""
_SMALLEST_ENRICHMENT = 0.01


@dataclass(frozen=True)
class _Statistic:
    """How a number of one kind is compared.

    Attributes:
        spread: the standard deviation between trainings, measured on the demo, in units of `scale`.
        scale: from the number to a scale on which trainings spread evenly.
        worse: −1 where only less is worse, 0 where any change counts.
    """

    spread: float
    scale: Callable[[np.ndarray], np.ndarray]
    worse: int = 0


def _same_scale(values: np.ndarray) -> np.ndarray:
    return values


def _logarithm(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(values, _SMALLEST_ENRICHMENT)))


# The root of the mean variance between 4 trainings, over 3 arms and 5 methods (accuracy: over the arms).
_ACCURACY = _Statistic(0.03, _same_scale, worse=-1)
_ENTROPY = _Statistic(0.01, _same_scale)
_ENRICHMENT = _Statistic(0.185, _logarithm)


@dataclass(frozen=True)
class Judgement:
    """One number of a training against the interval of those stored.

    Attributes:
        name: of the number.
        value: the number.
        low: the lower end of the interval.
        high: the upper end; infinite where only less is worse.
        distance: from the middle of the interval, in half widths of it; above 1 is outside.
    """

    name: str
    value: float
    low: float
    high: float
    distance: float

    @classmethod
    def of(cls, name: str, value: float, stored: np.ndarray, error: float) -> Judgement:
        """Student's prediction interval, the spread on the demo counting as `PRIOR_TRAININGS` trainings.

        Args:
            name: of the number.
            value: of the new training.
            stored: `(k,)` values of the stored trainings.
            error: how often an equal training leaves the interval.
        """
        kind = _kind(name)
        scaled, count = kind.scale(stored), len(stored)
        centre = float(scaled.mean())
        freedom = PRIOR_TRAININGS + count - 1
        variance = (PRIOR_TRAININGS * kind.spread**2 + np.square(scaled - centre).sum()) / freedom
        quantile = stdtrit(freedom, 1 - error / (1 if kind.worse else 2))
        # The new training scatters around the true mean, and so does the mean of the stored ones: 1 + 1 / count.
        half = float(quantile * np.sqrt(variance * (1 + 1 / count)))
        offset = float(kind.scale(np.array([value]))[0]) - centre
        distance = abs(offset) if not kind.worse else max(0.0, kind.worse * offset)
        back = np.exp if kind.scale is _logarithm else _same_scale
        low, high = (float(end) for end in back(np.array([centre - half, centre + half])))
        return cls(name, value, low, np.inf if kind.worse else high, distance / half)

    @property
    def sentence(self) -> str:
        """What is unlike the stored trainings, in words."""
        expected = f"at least {self.low:.2f}" if np.isinf(self.high) else f"{self.low:.2f} to {self.high:.2f}"
        return f"{self.name} is {self.value:.2f}, expected {expected}"

    def as_json(self) -> dict[str, float | None]:
        """JSON-ready."""
        high = None if np.isinf(self.high) else self.high
        return {"value": self.value, "low": self.low, "high": high, "distance": self.distance}


def _kind(name: str) -> _Statistic:
    return {"accuracy": _ACCURACY, "entropy": _ENTROPY}.get(name, _ENRICHMENT)


def numbers_of(subject: Subject) -> dict[str, float]:
    """The statistics of a training, each a mean over the probes that have it."""
    found: dict[str, float] = {}
    explanation, labels = subject.explanation, subject.probes.labels
    if labels is not None and (explanation.predicted_classes >= 0).all():
        found["accuracy"] = float((explanation.predicted_classes == labels).mean())
    if not explanation.has_image:
        return found
    magnitude = explanation.heatmaps("magnitude")
    per_probe = {
        "entropy": metrics.entropy(magnitude),
        "enrichment at the border": metrics.border_enrichment(magnitude),
        "enrichment in the corners": metrics.corner_enrichment(magnitude),
    }
    for name, mask in subject.probes.regions.items():
        if mask.shape[-2:] == magnitude.shape[1:]:
            per_probe[f"enrichment in region {name}"] = metrics.enrichment(magnitude, mask)
    present = {name: values[np.isfinite(values)] for name, values in per_probe.items()}
    return found | {name: float(values.mean()) for name, values in present.items() if len(values)}
