"""Does the model rest on a small place that nobody marked?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check
from keras_saliency.checks.experiment.experiment import ERROR, UNSPECIFIC, Evidence, Experiment
from keras_saliency.checks.experiment.scenes import before_and_after, class_name
from keras_saliency.checks.region import MOST_CLASSES, candidates
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

_SIDE = 0.15
_HOTTEST = 2


@dataclass(frozen=True)
class Place:
    """A small window: its top left pixel, and how hot the maps are there."""

    top: int
    left: int
    enrichment: float


@dataclass(frozen=True)
class UnexpectedRegion(Check):
    """No small place alone decides for a class; needs no mask.

    Where maps are hot at the same position across the images of a class, and in the four corners and the middles of
    the four borders, the experiment of `Region` is made on a window of 15 % of the image's sides (2 % of its area).
    What a model should use is larger than that: on a sound model no such window moves half of the images in both
    directions (docs/checks.md). The exact bound allows for every window and class that was tried.

    Costs the maps and two forward passes of the probes for each window, and nine more for each class that half of
    its images leave when the window is emptied.

    Args:
        limit: the share of images.

    Example:
        >>> report = ks.check(model, probes, ks.UnexpectedRegion())
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.5
    name: str = "unexpected_region"

    registered: ClassVar[str] = "unexpected_region"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_real(self, "limit", above=0, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        table = subject.predictions().table
        if table is None or table.shape[1] < 2:
            raise CheckDoesNotApplyError(
                "The model predicts no class, so nothing tells which way it should move."
            )
        if not subject.has_image:
            raise CheckDoesNotApplyError("No input is an image, so there are no places.")
        height, width = subject.image.shape[1:3]
        window = (max(1, round(_SIDE * height)), max(1, round(_SIDE * width)))
        if height < 4 * window[0] or width < 4 * window[1]:
            raise CheckDoesNotApplyError("The images are too small to have places.")
        tried = self._tried(subject, window)
        if not tried:
            raise CheckDoesNotApplyError("No class has images whose window could be emptied.")
        judged = [item for item in tried if item[2].value < self.limit or _is_notable(item[2])]
        value = max((one.value for _, _, one in judged), default=0.0)
        reached = [item for item in judged if item[2].value >= self.limit]
        certain = [item for item in reached if item[2].is_certain]
        details: dict[str, Any] = {
            "window": list(window),
            "places": [
                {"top": place.top, "left": place.left, "enrichment": place.enrichment, **one.as_json()}
                for place, _, one in tried
            ],
        }
        if not reached:
            sentence = (
                f"No small place decides for a class: {len(tried)} pairs of a place and a class were tried, the "
                f"strongest moves {value:.0%} of the images."
            )
            return CheckResult(self.name, "passed", sentence, value, self.limit, "at_most", details=details)
        found = sorted(certain or reached, key=lambda item: -item[2].value)
        place, experiment, worst = found[0]
        details["region"] = _apart([_masks(subject, place, window)[0] for place, _, _ in found])
        where = _where(place, window, (height, width))
        words = worst.in_words(class_name(subject, worst.class_index))
        return CheckResult(
            self.name,
            "failed" if certain else "warned",
            f"The model {'rests' if certain else 'may rest'} on {where}: {words}.",
            worst.value,
            self.limit,
            "at_most",
            pictures=before_and_after(subject, experiment, worst.class_index),
            details=details,
        )

    def _tried(self, subject: Subject, window: tuple[int, int]) -> list[tuple[Place, Experiment, Evidence]]:
        """Each place and class where images leave the class when the window is emptied, with the evidence."""
        places = suspicious_places(subject, window)
        planned = []
        for place in places:
            experiment = Experiment(subject, _masks(subject, place, window))
            for index in candidates(subject, experiment, None):
                planned.append((place, experiment, index))
        return [
            (place, experiment, experiment.about_if_left(index, len(planned), self.limit, by_chance=False))
            for place, experiment, index in planned
            if len(experiment.taken_out(index).way)
        ]


def suspicious_places(subject: Subject, window: tuple[int, int]) -> list[Place]:
    """Corners, middles of borders, and the two hottest places of each class, each once."""
    magnitude = subject.explanation.heatmaps("magnitude")
    height, width = magnitude.shape[1:]
    tops, lefts = (
        (0, (height - window[0]) // 2, height - window[0]),
        (0, (width - window[1]) // 2, width - window[1]),
    )
    heat = window_enrichment(magnitude, window)
    everywhere = _mean(heat)
    places = [
        Place(top, left, float(everywhere[top, left]))
        for top in tops
        for left in lefts
        if (top, left) != (tops[1], lefts[1])
    ]
    for rows in _groups(subject):
        consistent = _consistent(heat[rows])
        for _ in range(_HOTTEST):
            top, left = np.unravel_index(int(consistent.argmax()), consistent.shape)
            if not consistent[top, left] > 1:
                break
            places.append(Place(int(top), int(left), float(consistent[top, left])))
            consistent = consistent.copy()
            consistent[
                max(0, top - window[0] // 2) : top + window[0] // 2 + 1,
                max(0, left - window[1] // 2) : left + window[1] // 2 + 1,
            ] = 0
    return list({(place.top, place.left): place for place in places}.values())


def window_enrichment(magnitude: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """The enrichment of every window, `(n, height − window + 1, width − window + 1)`; NaN for a map without content."""
    shares = magnitude.astype("float64")
    total = shares.sum((1, 2), keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = shares / total
    sums = np.pad(shares.cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    high, wide = window
    inside = sums[:, high:, wide:] - sums[:, :-high, wide:] - sums[:, high:, :-wide] + sums[:, :-high, :-wide]
    return np.asarray(inside * magnitude.shape[1] * magnitude.shape[2] / (high * wide))


def _is_notable(evidence: Evidence) -> bool:
    """Whether one comparison alone would be certain: among many, a few images move half of the way by chance."""
    return evidence.together.lower(ERROR) > UNSPECIFIC


def _groups(subject: Subject) -> list[np.ndarray]:
    """The rows of the probes of each class, the most frequent first, at most ten."""
    labels = subject.probes.labels
    classes = subject.predictions().predicted_classes if labels is None else labels
    found, counts = np.unique(classes, return_counts=True)
    return [
        np.flatnonzero(classes == index) for index in found[np.argsort(-counts, kind="stable")][:MOST_CLASSES]
    ]


def _consistent(heat: np.ndarray) -> np.ndarray:
    """The enrichment that at least half of the images have at each window; 0 where none has any."""
    present = heat[np.isfinite(heat).all((1, 2))]
    return np.median(present, axis=0) if len(present) else np.zeros(heat.shape[1:])


def _mean(heat: np.ndarray) -> np.ndarray:
    present = heat[np.isfinite(heat).all((1, 2))]
    return present.mean(0) if len(present) else np.zeros(heat.shape[1:])


def _masks(subject: Subject, place: Place, window: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(subject.image.shape[1:3], bool)
    mask[place.top : place.top + window[0], place.left : place.left + window[1]] = True
    return np.broadcast_to(mask, subject.image.shape[:3])


def _apart(masks: Sequence[np.ndarray]) -> np.ndarray:
    """The places without those that overlap a former one, `(k, height, width)`."""
    kept: list[np.ndarray] = []
    for mask in masks:
        if not any((mask & other).any() for other in kept):
            kept.append(mask)
    return np.stack(kept)


def _where(place: Place, window: tuple[int, int], size: tuple[int, int]) -> str:
    rows = f"rows {place.top} to {place.top + window[0] - 1} and columns {place.left} to {place.left + window[1] - 1}"
    vertical = "top" if place.top == 0 else "bottom" if place.top + window[0] == size[0] else ""
    horizontal = "left" if place.left == 0 else "right" if place.left + window[1] == size[1] else ""
    kind = "corner" if vertical and horizontal else "border" if vertical or horizontal else ""
    named = " ".join(word for word in (vertical, horizontal, kind) if word)
    return f"the {named}, {rows}" if named else rows
