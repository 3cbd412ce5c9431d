"""The experiment on each strategy: what the model does without its mark, and with it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import optree

from keras_saliency.checks.experiment.experiment import class_scores
from keras_saliency.checks.proposals.sameness import same_content
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.checks.unexpected_content import UnexpectedContent, common_contents, common_marks
from keras_saliency.checks.unexpected_region import UnexpectedRegion, look_alike, proposed
from keras_saliency.engine import Question
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.explanation import bind_target
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import ClassIndex, Label
from keras_saliency.reports.result import CheckResult, Status
from keras_saliency.surveys.class_maps import classes_of
from keras_saliency.surveys.examples import Source
from keras_saliency.surveys.measuring import Measurer
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.strategy import Strategy

_CLASSES, _EACH = 10, 12
"""A probe set of whole classes has so many of them, and so many examples of each."""
_REST, _OTHERS = 32, 32
"""Beside the typical examples of a strategy: so many of the rest of its class, and so many of other classes."""
_MOST, _TIMES = 0.5, 6.0
"""So many of the typical examples of a strategy have its mark, and others are so much farther from it, or from what is
at its place, two or three times as far as of a class: examples that are chosen for being alike show objects that are
alike too."""
_LARGEST = 0.25
"""Examples that are the same in more of the image are copies of a picture, such as frames of a film."""
_TOGETHER = 1024
"""About so many examples are read again at once."""
_GRAVEST: tuple[Status, ...] = ("failed", "errored", "warned", "passed", "skipped")


def judge(
    strategies: Sequence[Strategy], measurer: Measurer, source: Source, parts: Parts, assigned: np.ndarray
) -> tuple[CheckResult, ...]:
    """What experiments say of each class as a whole, and of each suspect part of one.

    Each is a small probe set. Whole classes are judged as by `UnexpectedRegion` and `UnexpectedContent`, up to ten in a
    set, twelve examples of each. Of a suspect, up to 24 typical examples stand beside 32 of the rest of its class and
    32 of other classes: what stands against the model must be the same in the strategy, and another in most of all
    these, six times as far away as in the strategy. A strategy of copies of one picture is skipped. A cast of the whole
    image is sought in whole classes alone, as examples that were chosen for being alike have one. The exact bounds
    allow for all probe sets of the survey.

    Costs, for ten classes, what the two checks cost with 120 probes; for each suspect the maps and a forward pass of at
    most 88 examples, and up to ten more where something is the same in it.

    Args:
        strategies: of all classes.
        measurer: the model, and how it is asked.
        source: gives examples again by their ids.
        parts: what was measured of all examples.
        assigned: the number of the strategy of each row of `parts`.

    Returns:
        A result for each class, `survey_<class>`, and for each suspect, `survey_<class>_<number>`. `details` has
        `class` and `strategy` (None: the class as a whole), and `region` where a place stands against the model.
    """
    examples = _Examples.of(parts, assigned)
    classes = [int(index) for index in np.unique(examples.classes) if index >= 0]
    if not classes:
        return (
            CheckResult("survey", "skipped", "No example has a class, so there are no strategies to try."),
        )
    cases: list[_ProbeSetPlan] = [
        examples.panel(classes[start : start + _CLASSES]) for start in range(0, len(classes), _CLASSES)
    ]
    if len(classes) > 1:
        cases += [examples.suspect(one) for one in strategies if one.is_suspect]
    results: list[CheckResult] = []
    for some in _batches(cases):
        again = source.again(sorted({one for case in some for one in case.ids}))
        rows = {name: row for row, name in enumerate(again.names or ())}
        for case in some:
            probes = case.probes(again, [rows[one] for one in case.ids])
            results += _Hearing(case, measurer, probes, 2 * len(cases)).results()
    return tuple(results)


@dataclass(frozen=True, eq=False)
class _ProbeSetPlan:
    """A probe set before its images are read.

    Attributes:
        ids: of the examples.
        labels: their classes; in the case of a strategy, the rest of its class has one of its own.
        classes: which are judged.
        strategy: None: the classes as a whole.
    """

    ids: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[int, ...]
    strategy: Strategy | None = None

    def probes(self, again: ProbeSet, rows: Sequence[int]) -> ProbeSet:
        """The probes, from images that were read again and the rows of these examples."""
        names = again.class_names
        if names is not None:
            names += tuple("" for _ in range(len(names), max(self.labels) + 1))
        return replace(
            again,
            images=optree.tree_map(lambda leaf: leaf[list(rows)], again.images),
            labels=np.array(self.labels),
            names=self.ids,
            class_names=names,
            display_images=None if again.display_images is None else again.display_images[list(rows)],
        )


@dataclass(frozen=True, eq=False)
class _Examples:
    """All examples in the order of their keys, a random one: `(n,)` ids, classes, and numbers of strategies."""

    ids: np.ndarray
    classes: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, parts: Parts, assigned: np.ndarray) -> _Examples:
        """What was measured."""
        table = parts.columns(["id", "key", "label", "prediction"])
        order = np.lexsort((table["id"].astype(str), table["key"].astype(str)))
        classes = classes_of(table["label"], table["prediction"])
        return cls(table["id"][order], classes[order], assigned[order])

    def panel(self, classes: Sequence[int]) -> _ProbeSetPlan:
        """Some classes as a whole."""
        rows = np.concatenate([np.flatnonzero(self.classes == index)[:_EACH] for index in classes])
        return _ProbeSetPlan(self._ids(rows), tuple(self.classes[rows].tolist()), tuple(classes))

    def suspect(self, strategy: Strategy) -> _ProbeSetPlan:
        """A strategy, beside others."""
        index = strategy.class_index
        rest = np.flatnonzero((self.classes == index) & (self.numbers != strategy.number))[:_REST]
        others = self._others(index)
        beyond = int(self.classes.max()) + 1
        labels = [index] * len(strategy.typical) + [beyond] * len(rest) + self.classes[others].tolist()
        ids = (*strategy.typical, *self._ids(rest), *self._ids(others))
        return _ProbeSetPlan(ids, tuple(labels), (index,), strategy)

    def _others(self, index: int) -> np.ndarray:
        """Examples of other classes, evenly over these."""
        _kinds, kind, counts = np.unique(self.classes, return_inverse=True, return_counts=True)
        nth = np.empty(len(kind), int)
        nth[np.argsort(kind, kind="stable")] = np.concatenate([np.arange(count) for count in counts])
        order = np.argsort(nth, kind="stable")
        chosen = order[(self.classes[order] != index) & (self.classes[order] >= 0)]
        return np.asarray(chosen[:_OTHERS])

    def _ids(self, rows: np.ndarray) -> tuple[str, ...]:
        return tuple(map(str, self.ids[rows]))


@dataclass(frozen=True, eq=False)
class _Hearing:
    """The two checks about a probe set; `among` such checks are made in all."""

    case: _ProbeSetPlan
    measurer: Measurer
    probes: ProbeSet
    among: int

    def results(self) -> list[CheckResult]:
        """A result for each class that is judged."""
        started, before = time.perf_counter(), self.measurer.scored.evaluations
        try:
            found = self._found()
        except CheckDoesNotApplyError as error:
            found = [CheckResult("survey", "skipped", str(error))] * len(self.case.classes)
        except Exception as error:
            found = [CheckResult("survey", "errored", f"{type(error).__name__}: {error}")] * len(
                self.case.classes
            )
        count, strategy = len(found), self.case.strategy
        return [
            replace(
                result,
                name=f"survey_{index}" if strategy is None else f"survey_{index}_{strategy.number}",
                details={
                    **result.details,
                    "class": index,
                    "strategy": None if strategy is None else strategy.number,
                },
                evaluations=(self.measurer.scored.evaluations - before) // count,
                seconds=(time.perf_counter() - started) / count,
            )
            for index, result in zip(self.case.classes, found, strict=True)
        ]

    def _found(self) -> list[CheckResult]:
        region, content = UnexpectedRegion(), UnexpectedContent()
        subject, classes = self._subject(), list(self.case.classes)
        class_scores(subject)
        if not subject.has_image:
            raise CheckDoesNotApplyError(
                "No input is an image of the size of the maps, so there are no places."
            )
        if self.case.strategy is None:
            places = proposed(subject) or []
        else:
            magnitude = subject.explanation.heatmaps("magnitude")
            same = same_content(subject.image, magnitude, subject.classes, classes[0], _TIMES)
            if same is not None and same.mask.mean() > _LARGEST:
                raise CheckDoesNotApplyError(
                    "Its typical examples are nearly the same picture, so that nothing tells a mark from an object."
                )
            places = [] if same is None else [same]
        tried = region.tried(subject, places, self.among)
        if self.case.strategy is None:
            common = common_contents(subject, subject.classes, classes)
        else:  # examples that are alike have a brightness and a contrast of their own
            common = common_marks(subject, subject.classes, classes, _MOST, _TIMES)
        contents = content.tried(common, self.among)
        alike = look_alike(tried, region.limit)
        return [
            _graver(
                region.verdict(
                    subject, [trial for trial in tried if trial.evidence.class_index == index], alike
                ),
                content.verdict(subject, [item for item in contents if item[0].class_index == index]),
            )
            for index in classes
        ]

    def _subject(self) -> Subject:
        target = Label() if self.case.strategy is None else ClassIndex(self.case.classes[0])
        question = Question(
            self.measurer.scored, self.probes.images, bind_target(target, self.probes), with_features=True
        )
        return Subject(question, self.probes, self.measurer.method, seed=self.measurer.seed)


def _graver(one: CheckResult, other: CheckResult) -> CheckResult:
    return min(one, other, key=lambda result: _GRAVEST.index(result.status))


def _batches(cases: Sequence[_ProbeSetPlan]) -> Iterator[list[_ProbeSetPlan]]:
    """Cases whose examples are read together: a data set that is a stream is gone through once for each batch."""
    waiting = iter(cases)
    count = max(1, _TOGETHER // max(len(case.ids) for case in cases))
    while some := list(islice(waiting, count)):
        yield some
