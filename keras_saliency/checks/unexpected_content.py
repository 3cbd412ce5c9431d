"""Does the model rest on something that is not tied to a place: a mark that moves about, a cast of colours?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_real
from keras_saliency.checks.base import Check
from keras_saliency.checks.experiment.experiment import Evidence, Experiment, class_scores
from keras_saliency.checks.experiment.recolouring import Recolouring
from keras_saliency.checks.experiment.scenes import before_and_after, class_name
from keras_saliency.checks.proposals.casts import cast_of, whole_numbers
from keras_saliency.checks.proposals.likeness import MOST
from keras_saliency.checks.proposals.recurring import LIKE, recurring_marks
from keras_saliency.checks.proposals.sameness import LEAST_IMAGES
from keras_saliency.checks.region import most_frequent
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True, eq=False)
class Content:
    """Something that a class has in common, which is to be tried."""

    class_index: int
    kind: str
    words: str
    experiment: Experiment


@dataclass(frozen=True)
class UnexpectedContent(Check):
    """No content that moves about, and no cast of the whole image, decides for a class; needs no mask.

    At most two things are tried for each class (at most ten): a *mark*, what is in the hottest windows of its images
    and recurs in most of them at different places; and a *cast*, colours, brightness or contrast that most of them
    have as a whole. Each must be the same in the class, and rare in other images (docs/checks.md).

    The experiment is that of `Region`. A mark is taken out where it is, and put into other images anywhere. A cast is
    taken out by giving images the means and deviations of the channels that other images have, and put in the other
    way round. At least `limit` of the images must go half of the way when it is taken out, and at least `limit` must
    arrive at the class when it is put in; the exact bound allows for all that was tried.

    Costs a forward pass of the probes and the maps where nothing recurs; for each mark up to ten forward passes more,
    for each cast two.

    Args:
        limit: the share of images.

    Example:
        >>> report = ks.check(model, probes, ks.UnexpectedContent())
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.5
    name: str = "unexpected_content"

    registered: ClassVar[str] = "unexpected_content"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_real(self, "limit", above=0, most=1)

    @override
    def run(self, subject: Subject) -> CheckResult:
        class_scores(subject)
        if not subject.has_image:
            raise CheckDoesNotApplyError("No input is an image, so there is no content.")
        classes = subject.classes
        chosen = most_frequent(classes, LEAST_IMAGES)
        if not chosen or (classes == classes[0]).all():
            raise CheckDoesNotApplyError(
                f"What a class has in common shows from {LEAST_IMAGES} images of it, beside images of others."
            )
        contents = common_contents(subject, classes, chosen)
        return self.verdict(subject, self.tried(contents))

    def tried(self, contents: Sequence[Content], among: int = 1) -> list[tuple[Content, Evidence]]:
        """Each content that can be taken out of images of its class, with the evidence.

        Args:
            contents: the contents.
            among: so many checks are made in all, such as this one, which the exact bound allows for.
        """
        return [
            (
                content,
                content.experiment.about_if_left(
                    content.class_index, len(contents) * among, self.limit, by_chance=False, whole_way=True
                ),
            )
            for content in contents
            if len(content.experiment.taken_out(content.class_index).way)
        ]

    def verdict(self, subject: Subject, tried: Sequence[tuple[Content, Evidence]]) -> CheckResult:
        """What the trials say."""
        details: dict[str, Any] = {
            "contents": [{"kind": one.kind, "content": one.words, **found.as_json()} for one, found in tried]
        }
        value = max((found.value for _, found in tried), default=0.0)
        reached = [item for item in tried if item[1].value >= self.limit]
        if not reached:
            what = f"{len(tried)} were tried" if tried else "nothing recurs in a class alone"
            sentence = f"No mark that moves about and no cast decides for a class: {what}"
            sentence += f", the strongest moves {value:.0%} of the images." if tried else "."
            return CheckResult(self.name, "passed", sentence, value, self.limit, "at_most", details=details)
        certain = [item for item in reached if item[1].is_certain]
        content, worst = max(certain or reached, key=lambda item: item[1].value)
        words = worst.in_words(class_name(subject, worst.class_index))
        return CheckResult(
            self.name,
            "failed" if certain else "warned",
            f"The model {'rests' if certain else 'may rest'} on {content.words}: {words}.",
            worst.value,
            self.limit,
            "at_most",
            pictures=before_and_after(subject, content.experiment, worst.class_index),
            details={"kind": content.kind, "content": content.words, **details},
        )


def common_contents(subject: Subject, classes: np.ndarray, chosen: Sequence[int]) -> list[Content]:
    """The marks and casts that images of these classes have in common."""
    return [*common_marks(subject, classes, chosen), *_common_casts(subject, classes, chosen)]


def common_marks(
    subject: Subject, classes: np.ndarray, chosen: Sequence[int], most: float = MOST, times: float = LIKE
) -> list[Content]:
    """The marks that this share of the images of these classes have in common, see `recurring_marks`."""
    images, magnitude = subject.image, subject.explanation.heatmaps("magnitude")
    rng = subject.rng("unexpected_content")
    found = []
    for mark in recurring_marks(images, magnitude, classes, chosen, rng, most=most, times=times):
        experiment = Experiment(subject, mark.masks, holders=mark.holders)
        size = mark.masks[mark.holders].sum((1, 2)).mean() / mark.masks[0].size
        words = f"a mark that moves about, {size:.1%} of the image"
        found.append(Content(mark.class_index, "mark", words, experiment))
    return found


def _common_casts(subject: Subject, classes: np.ndarray, chosen: Sequence[int]) -> list[Content]:
    numbers, found = whole_numbers(subject.image), []
    for cast in (cast_of(numbers, classes, index) for index in chosen):
        if cast is not None:
            words = f"a cast of the whole image, {cast.words}"
            found.append(Content(cast.class_index, "cast", words, Recolouring(subject, cast.class_index)))
    return found
