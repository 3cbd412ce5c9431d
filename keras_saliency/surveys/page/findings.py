"""What the page of a survey shows, as a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import VERDICTS, Verdict
from keras_saliency.surveys.strategy import Strategy
from keras_saliency.surveys.survey import Survey


@dataclass(frozen=True)
class Example:
    """One example of a strategy.

    Attributes:
        prediction: the class that the model says; −1 where there is none.
        probability: that the model gives it; None where there is none.
        label: its class; None where there are no labels.
        picture: an image file, PNG or JPEG: the image, and beside it the map over it (the map alone where no images
            are kept).
    """

    prediction: int
    probability: float | None
    label: int | None
    picture: bytes = field(repr=False)


@dataclass(frozen=True)
class FoundClass:
    """The strategies of one class.

    Attributes:
        index: of the class.
        strategies: with a verdict the worst first, then the largest.
        size: how many examples it has.
        accuracy: the share of them that is predicted as labelled; None without labels.
        verdict: the worst of its strategies; None where none was judged.
    """

    index: int
    strategies: tuple[Strategy, ...]
    size: int
    accuracy: float | None
    verdict: Verdict | None


@dataclass(frozen=True, eq=False)
class Findings:
    """A survey as a page shows it.

    Attributes:
        survey: what was found.
        examples: those that are drawn, by id.
    """

    survey: Survey
    examples: Mapping[str, Example] = field(default_factory=dict)

    @property
    def keeps_images(self) -> bool:
        """Whether pictures of examples may be shown."""
        return bool(self.survey.settings.get("store_images", True))

    def class_name(self, index: int) -> str:
        """What people call a class."""
        names = self.survey.class_names
        return names[index] if names is not None and index < len(names) else str(index)

    def result(self, strategy: Strategy) -> CheckResult | None:
        """What the experiment found about a strategy; None where it was not asked."""
        return self._results.get(f"survey_{strategy.class_index}_{strategy.number}")

    def verdict(self, strategy: Strategy) -> Verdict | None:
        """The verdict about a strategy, as heavy as it is; None where it was not judged."""
        result = self.result(strategy)
        return None if result is None else self.survey.report.weight(result)

    @property
    def classes(self) -> tuple[FoundClass, ...]:
        """The classes with the worst verdict first, then in their order."""
        return tuple(sorted(self._classes(), key=lambda one: (_weight(one.verdict), one.index)))

    @property
    def judged(self) -> tuple[Strategy, ...]:
        """The strategies that were put to the experiment."""
        return tuple(strategy for strategy in self.survey.strategies if self.result(strategy))

    @property
    def proven(self) -> tuple[Strategy, ...]:
        """The strategies that stand against the model."""
        return tuple(strategy for strategy in self.judged if self.verdict(strategy) == "failed")

    @property
    def _results(self) -> dict[str, CheckResult]:
        return {result.name: result for result in self.survey.results}

    def _classes(self) -> Iterator[FoundClass]:
        for index in sorted({strategy.class_index for strategy in self.survey.strategies}):
            own = [strategy for strategy in self.survey.strategies if strategy.class_index == index]
            own.sort(key=lambda one: (_weight(self.verdict(one)), -one.size))
            size = sum(strategy.size for strategy in own)
            right = [strategy.accuracy * strategy.size for strategy in own if strategy.accuracy is not None]
            accuracy = sum(right) / size if len(right) == len(own) and size else None
            yield FoundClass(index, tuple(own), size, accuracy, self.verdict(own[0]))


def _weight(verdict: Verdict | None) -> int:
    return len(VERDICTS) if verdict is None else VERDICTS.index(verdict)
