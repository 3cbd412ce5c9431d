"""Does the model rest on a place that nobody marked?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check
from keras_saliency.checks.experiment.experiment import ERROR, UNSPECIFIC, Evidence, Experiment, class_scores
from keras_saliency.checks.experiment.scenes import before_and_after, class_name
from keras_saliency.checks.proposals.place import Place
from keras_saliency.checks.proposals.sameness import same_content
from keras_saliency.checks.proposals.windows import suspicious_windows, window_of
from keras_saliency.checks.region import candidates, most_frequent
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

_ONE_PLACE = 0.75
"""Masks that cover so much of all that they cover together lie at one place."""


@dataclass(frozen=True, eq=False)
class PlaceTrial:
    """What the experiment on a place says about one class."""

    place: Place
    experiment: Experiment
    evidence: Evidence

    def reaches(self, limit: float) -> bool:
        """Whether it moves so many images that it stands against the model, if that is certain."""
        return self.is_notable and self.evidence.value >= limit

    @property
    def is_notable(self) -> bool:
        """Whether one comparison alone would be certain: among many, a few images move half of the way by chance."""
        return self.evidence.together.lower(ERROR) > UNSPECIFIC

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"place": self.place.words, "enrichment": self.place.enrichment, **self.evidence.as_json()}


@dataclass(frozen=True)
class UnexpectedRegion(Check):
    """No place that nobody marked decides for a class; needs no mask.

    The experiment of `Region` is made on places of two kinds:

    - windows of 15 % of the image's sides (2 % of its area), in the four corners, at the middles of the four borders,
      and the two of each class where maps are hottest at the same position across its images;
    - places of any shape (stripes, frames, lines of text, several pieces together), at most one for each class: where
      most of its images hold the same content, and most other images something else.

    What a model should use is larger than such a window, and varies from image to image: on a sound model no such
    place moves half of the images in both directions (docs/checks.md). The exact bound allows for every place and
    class that was tried.

    Costs the maps, a forward pass of the probes and two for each place, and nine more for each class that half of
    its images leave when the place is emptied. `details["region"]` has the places that were found, booleans
    `(places, height, width)`, the strongest first and none that overlaps a former one; `details["place"]` says in words
    where the first lies.

    Args:
        limit: the share of images.

    Example:
        >>> report = ks.check(model, probes, ks.UnexpectedRegion())
        >>> report.passed
        True
    """

    limit: float = 0.5
    name: str = "unexpected_region"

    registered: ClassVar[str] = "unexpected_region"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_real(self, "limit", above=0, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        class_scores(subject)
        if not subject.has_image:
            raise CheckDoesNotApplyError("No input is an image, so there are no places.")
        places = proposed(subject)
        if places is None:
            raise CheckDoesNotApplyError("The images are too small to have places.")
        tried = self.tried(subject, places)
        if not tried:
            raise CheckDoesNotApplyError("No class has images whose content could be taken out of a place.")
        return self.verdict(subject, tried, look_alike(tried, self.limit))

    def verdict(
        self, subject: Subject, tried: Sequence[PlaceTrial], alike: Sequence[PlaceTrial]
    ) -> CheckResult:
        """What the trials say; those that are `alike` warn at most."""
        judged = [trial for trial in tried if trial.evidence.value < self.limit or trial.is_notable]
        value = max((trial.evidence.value for trial in judged), default=0.0)
        reached = [trial for trial in tried if trial.reaches(self.limit)]
        certain = [trial for trial in reached if trial.evidence.is_certain and trial not in alike]
        details: dict[str, Any] = {"places": [trial.as_json() for trial in tried]}
        if not reached:
            sentence = (
                f"No unmarked place decides for a class: {len(tried)} pairs of a place and a class were tried, the "
                f"strongest moves {value:.0%} of the images."
            )
            return CheckResult(self.name, "passed", sentence, value, self.limit, "at_most", details=details)
        found = sorted(certain or reached, key=lambda trial: -trial.evidence.value)
        worst, regions = found[0], _apart([trial.place.mask for trial in found])
        words = worst.evidence.in_words(class_name(subject, worst.evidence.class_index))
        if worst in alike:
            words = (
                f"{words}. The images of {len(alike)} classes hardly differ within their class, so that nothing tells "
                "marks from objects"
            )
        return CheckResult(
            self.name,
            "failed" if certain else "warned",
            f"The model {'rests' if certain else 'may rest'} on {worst.place.words}: {words}.",
            worst.evidence.value,
            self.limit,
            "at_most",
            pictures=before_and_after(subject, worst.experiment, worst.evidence.class_index),
            details={"region": regions, "place": worst.place.words, **details},
        )

    def tried(self, subject: Subject, places: Sequence[Place], among: int = 1) -> list[PlaceTrial]:
        """Each place and class where images leave the class when the place is emptied, with the evidence.

        Args:
            subject: whose model is asked.
            places: the places.
            among: so many checks are made in all, such as this one, which the exact bound allows for.
        """
        planned = []
        for place in places:
            masks = np.broadcast_to(place.mask, subject.image.shape[:3])
            experiment = Experiment(subject, masks, fill=place.fill, holders=place.holders)
            classes = (
                candidates(subject, experiment, None) if place.class_index is None else [place.class_index]
            )
            planned += [(place, experiment, index) for index in classes]
        return [
            PlaceTrial(
                place,
                experiment,
                experiment.about_if_left(
                    index,
                    len(planned) * among,
                    self.limit,
                    by_chance=False,
                    whole_way=place.class_index is not None,
                ),
            )
            for place, experiment, index in planned
            if len(experiment.taken_out(index).way)
        ]


def look_alike(tried: Sequence[PlaceTrial], limit: float) -> list[PlaceTrial]:
    """The trials that say no more than that images of a class are alike: where most classes have a place of their own.

    One shortcut for all classes, such as a frame whose colour tells the class, lies at one place.
    """
    own = [
        trial
        for trial in tried
        if trial.place.class_index is not None
        and min(trial.evidence.taken_out.half.share, trial.evidence.put_in.half.share) >= limit
    ]
    if len(own) < 2 or 2 * len(own) <= len({trial.evidence.class_index for trial in tried}):
        return []
    shares = np.mean([trial.place.mask for trial in own], axis=0)
    return own if shares[shares > 0].mean() < _ONE_PLACE else []


def proposed(subject: Subject) -> list[Place] | None:
    """The places that are tried; None where images are too small to have any."""
    magnitude = subject.explanation.heatmaps("magnitude")
    window = window_of(*magnitude.shape[1:])
    if window is None:
        return None
    classes = subject.classes
    chosen = most_frequent(classes)
    windows = suspicious_windows(magnitude, [np.flatnonzero(classes == index) for index in chosen], window)
    same = (same_content(subject.image, magnitude, classes, index) for index in chosen)
    return [*windows, *(place for place in same if place is not None)]


def _apart(masks: Sequence[np.ndarray]) -> np.ndarray:
    """The places without those that overlap a former one, `(k, height, width)`."""
    kept: list[np.ndarray] = []
    for mask in masks:
        if not any((mask & other).any() for other in kept):
            kept.append(mask)
    return np.stack(kept)
