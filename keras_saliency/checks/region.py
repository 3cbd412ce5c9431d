"""Does the model use what is in a region?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import keep_real, keep_whole
from keras_saliency.checks.base import Check, skipped
from keras_saliency.checks.experiment.experiment import ERROR, Evidence, Experiment, class_scores
from keras_saliency.checks.experiment.interventions import FILLS
from keras_saliency.checks.experiment.scenes import before_and_after, class_name
from keras_saliency.checks.shared.statistics import pooled
from keras_saliency.errors import CheckDoesNotApplyError, NeedsSettingError
from keras_saliency.registry import is_name, unknown
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.probes import ProbeSet

HOT = 3.0
MOST_CLASSES = 10


@dataclass(frozen=True)
class Region(Check):
    """A model does not use a forbidden region, or does use a required one; proven by an experiment, not by maps.

    The content of the region is taken out of the images of a class, and put into images of other classes. If the model
    uses it, the first move away from the class and the second towards it. An image counts if it goes at least half of
    the way from its margin to the decision. The value is the smaller of both shares. A forbidden region fails where
    the value reaches `limit`, more images move than an unseen patch would move (exact binomial bound), and more than
    the same content moves at other places of the images (Fisher's exact test), unless it is read wherever it is. Where
    only the map is hot (three times its share of the area, or half of the map), or the numbers are too small to be
    certain, that is a warning.

    The class that the content is said to mean is `means`; else the target, where all probes have one; else each
    class that the probes have (labels, or predictions) is tried, at most ten, the most frequent first.

    A probe whose mask is empty has nothing that could be taken out; content is put into it where another probe has the
    region.

    A required region fails where neither direction, over all classes or for `means` alone, moves `limit` of the images,
    and the exact upper bound says so too; where only the map is cold, that is a warning.

    Costs at most the maps, a forward pass of the probes and one without content, and, for each class, one with
    content and one for each of eight other places.

    Args:
        region: the name of a region of the probes.
        forbid: the model must not use it.
        require: the model must use it.
        means: the class that the content is said to mean.
        fill: what the content is replaced by: `"mean"` (of what surrounds it), `"blur"`, a number, or an array
            that broadcasts to an image.
        content: what is put in, an array `(height, width)` or with channels; None: what the probes have there.
        limit: the share of images.
        name: by default `region_<region>`.

    Raises:
        ValueError: at most one of `forbid` and `require`; an unknown fill.

    Example:
        >>> report = ks.check(model, probes, ks.Region("corner"))
        >>> report.results[0].status
        'passed'
        >>> ks.check(model, probes, ks.Region("corner", require=True)).results[0].status
        'failed'
    """

    region: str
    forbid: bool | None = None
    require: bool = False
    means: int | None = None
    fill: Any = "mean"
    content: Any = None
    limit: float = 0.5
    name: str = ""

    registered: ClassVar[str] = "region"
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name, given in (("forbid", self.forbid), ("require", self.require)):
            if given not in (True, False) and not (given is None and name == "forbid"):
                raise ValueError(f"Expected {name} to be True or False. Received: {name}={given!r}")
        if self.require == bool(self.forbid) and (self.require or self.forbid is not None):
            raise ValueError(
                "Expected a region to be forbidden or required. "
                f"Received: forbid={self.forbid!r}, require={self.require!r}"
            )
        keep_whole(self, "means", 0, optional=True)
        keep_real(self, "limit", above=0, most=1)
        if self.fill not in FILLS if isinstance(self.fill, str) else not _is_pixels(self.fill):
            raise ValueError(
                f"Expected fill to be one of {', '.join(map(repr, FILLS))}, a number or an array, all finite. "
                f"Received: fill={self.fill!r}"
            )
        if self.content is not None and not _is_pixels(self.content):
            raise ValueError(f"Expected content to be an array of finite numbers. Received: {self.content!r}")
        if not is_name(self.region):
            raise ValueError(f"Expected the name of a region, such as corner. Received: {self.region!r}")
        object.__setattr__(self, "name", self.name or f"region_{self.region}")
        object.__setattr__(self, "forbid", not self.require)

    @classmethod
    def for_probes(cls, probes: ProbeSet) -> tuple[Region, ...]:
        """One check for each region of the probes, which it forbids."""
        if not probes.regions:
            raise NeedsSettingError(
                'The check "region" needs a region: mark one with ProbeSet(…, regions={"corner": mask}).'
            )
        return tuple(map(cls, probes.regions))

    @override
    def run(self, subject: Subject) -> CheckResult:
        table = class_scores(subject)
        if self.means is not None and self.means >= table.shape[1]:
            raise CheckDoesNotApplyError(
                f"Expected the index of a class, below {table.shape[1]}. Received: means={self.means}"
            )
        masks = self._masks(subject)
        if not masks.any():
            raise CheckDoesNotApplyError(
                f"None of the probes has the region {self.region!r}: its mask is empty in all of them. Add probes that "
                "have it."
            )
        heat = Heat.of(subject, masks)
        experiment = Experiment(subject, masks, fill=self.fill, content=self.content)
        if not experiment.has_content.any() and self.content is None:
            reason = (
                f"In no probe the region {self.region!r} holds anything but its surroundings: there is nothing "
                "to take out or to put in. Add probes that have the content, or give content=."
            )
            seen = self._with_heat(skipped(self, reason), heat)
            raise CheckDoesNotApplyError(seen.sentence, seen)
        result = self._required(subject, experiment) if self.require else self._forbidden(subject, experiment)
        return self._with_heat(result, heat)

    def _masks(self, subject: Subject) -> np.ndarray:
        regions = subject.probes.regions
        if self.region not in regions:
            raise CheckDoesNotApplyError(str(unknown("region", self.region, regions)))
        mask = regions[self.region]
        return np.broadcast_to(mask, (len(subject.probes), *mask.shape[-2:]))

    def _forbidden(self, subject: Subject, experiment: Experiment) -> CheckResult:
        found = evidence(subject, experiment, self.means, self.limit)
        worst = max(found, key=self._weight)
        words = worst.in_words(class_name(subject, worst.class_index))
        if np.isnan(worst.value):
            return skipped(
                self,
                f"No probe could be changed: none of the class has the content in region {self.region!r}, or all "
                "probes are of that class.",
            )
        reached = worst.value >= self.limit
        if reached and worst.is_certain:
            anywhere = " The content is read wherever it is." if worst.is_read_anywhere else ""
            status, sentence = "failed", f"The model uses region {self.region!r}: {words}.{anywhere}"
        elif reached or (worst.together.share >= self.limit and worst.is_certain):
            status = "warned"
            sentence = f"The model may use region {self.region!r}, but that is not certain: {words}."
        else:
            status, sentence = "passed", f"The model does not use region {self.region!r}: {words}."
        return CheckResult(
            self.name,
            status,  # type: ignore[arg-type]
            sentence,
            worst.value,
            self.limit,
            "at_most",
            pictures=before_and_after(subject, experiment, worst.class_index),
            details={**self._place(subject, status), "classes": [one.as_json() for one in found]},
        )

    def _place(self, subject: Subject, status: str) -> dict[str, np.ndarray]:
        """Where the finding is, if it is one, and in all probes at the same place."""
        mask = subject.probes.regions[self.region]
        return {"region": mask} if status != "passed" and mask.ndim == 2 else {}

    def _weight(self, one: Evidence) -> tuple[bool, bool, float]:
        """How much a piece of evidence says against a forbidden region."""
        certain = one.is_certain
        return (one.value >= self.limit and certain, certain, nan_last(one.value))

    def _required(self, subject: Subject, experiment: Experiment) -> CheckResult:
        classes = range(subject.predictions().table.shape[1])  # type: ignore[union-attr]
        known = [index for index in classes if (experiment.classes == index).any()]
        own = known if self.means is None else [self.means]
        out = pooled([experiment.taken_out(index).half for index in own])
        put = pooled([experiment.put_in(index).half for index in own])
        tried = [one for one in (out, put) if one.count]
        if not tried:
            return skipped(self, f"No probe could be changed in region {self.region!r}.")
        best = max(tried, key=lambda one: one.share)
        words = (
            f"taken out, its content moves {out} images at least half of the way out of their class; put into "
            f"images of another class, {put} half of the way to its own"
        )
        if best.share >= self.limit:
            status, sentence = "passed", f"The model uses region {self.region!r}: {words}."
        elif max(one.upper(ERROR) for one in tried) < self.limit:
            status, sentence = (
                "failed",
                f"The model does not use the required region {self.region!r}: {words}.",
            )
        else:
            status = "warned"
            sentence = f"The model may not use the required region {self.region!r}: {words}."
        return CheckResult(
            self.name,
            status,  # type: ignore[arg-type]
            sentence,
            best.share,
            self.limit,
            "at_least",
            pictures=before_and_after(
                subject, experiment, int(experiment.classes[0]) if self.means is None else self.means
            ),
            details={"taken out": out.as_json(), "put in": put.as_json()},
        )

    def _with_heat(self, result: CheckResult, heat: Heat) -> CheckResult:
        """The result with what the maps say; they alone can warn, never fail."""
        result = replace(
            result,
            per_probe={**result.per_probe, "enrichment": heat.enrichment},
            details={**result.details, "enrichment": heat.as_json()},
        )
        if result.status not in ("passed", "skipped"):
            return result
        if not self.require and heat.is_hot:
            why = f"The maps are hot in region {self.region!r} ({heat}). {result.sentence}"
            return replace(result, status="warned", sentence=why)
        if self.require and heat.mean < 1:
            why = f"The maps are cold in region {self.region!r} ({heat}). {result.sentence}"
            return replace(result, status="warned", sentence=why)
        return result


@dataclass(frozen=True)
class Heat:
    """How much of the maps lies in a region.

    Attributes:
        enrichment: `(n,)` the share of the map ÷ the share of the area, NaN for an all-zero map and for a probe without
            the region.
        mean: over the probes that have a number.
        low: of the interval of the mean by Student's t, 95 %.
        high: of the same.
        count: how many probes have the region.
        area: its share of the image, in these.
    """

    enrichment: np.ndarray
    mean: float
    low: float
    high: float
    count: int
    area: float

    @classmethod
    def of(cls, subject: Subject, masks: np.ndarray) -> Heat:
        """The heat of the maps of a subject."""
        magnitude = subject.explanation.heatmaps("magnitude")
        found = metrics.enrichment(magnitude, masks)
        interval = metrics.mean_interval(found)
        own = masks[masks.any((1, 2))]
        return cls(found, interval.mean, interval.low, interval.high, len(own), float(own.mean()))

    @property
    def is_hot(self) -> bool:
        """Whether the region has three times its share of the area, or half of the map and more than its share."""
        return self.mean >= max(1.0, min(HOT, 0.5 / self.area))

    def __str__(self) -> str:
        count = len(self.enrichment)
        of = f" in the {self.count} of {count} probes that have it" if self.count < count else ""
        return f"{self.mean:.1f} times their share of the area{of}"

    def as_json(self) -> dict[str, float | None]:
        """JSON-ready."""
        numbers = {"mean": self.mean, "low": self.low, "high": self.high, "share of the area": self.area}
        known = {name: float(value) if np.isfinite(value) else None for name, value in numbers.items()}
        return known | {"probes": self.count}


def evidence(subject: Subject, experiment: Experiment, means: int | None, limit: float) -> list[Evidence]:
    """The evidence about the class that the content is said to mean, or about each class that it could mean."""
    classes = candidates(subject, experiment, means)
    if len(classes) == 1:
        return [experiment.about(classes[0])]
    return [experiment.about_if_left(index, len(classes), limit) for index in classes]


def candidates(subject: Subject, experiment: Experiment, means: int | None) -> list[int]:
    """The classes that the content could mean, see `Region`."""
    if means is not None:
        return [means]
    targets = np.unique(subject.explanation.target_classes)
    if len(targets) == 1 and targets[0] >= 0:
        return [int(targets[0])]
    return most_frequent(subject.classes)


def most_frequent(classes: np.ndarray, least: int = 1) -> list[int]:
    """The classes of at least so many probes, the most frequent first, at most ten."""
    found, counts = np.unique(classes, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    return [int(found[place]) for place in order if counts[place] >= least]


def _is_pixels(value: Any) -> bool:
    """Whether this is a finite number, or an array of such."""
    array = np.asarray(value)
    return array.dtype.kind in "iuf" and array.size > 0 and bool(np.isfinite(array).all())


def nan_last(value: float) -> float:
    """The value, and less than any share for NaN."""
    return -1.0 if np.isnan(value) else value
