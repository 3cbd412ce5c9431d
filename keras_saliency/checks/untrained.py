"""Has the model learned anything that the probes show?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from typing_extensions import override

from keras_saliency.arguments import keep_whole
from keras_saliency.checks.base import Check
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.records.scores import Scores


@dataclass(frozen=True)
class Untrained(Check):
    """The model does better on the probes than re-initialisations of itself; a warning if not.

    Where the probes have labels of at least two classes the accuracy is compared, else the mean margin between
    the best and the second score. It must lie above all re-initialisations. The weights are handed over as
    values: the model keeps its own. Costs a forward pass for the model and for each re-initialisation.

    Args:
        initialisations: how many there are.

    Example:
        >>> report = ks.check(model, probes, ks.Untrained(initialisations=3))
        >>> report.results[0].status
        'passed'
    """

    initialisations: int = 5
    name: str = "untrained"

    registered: ClassVar[str] = "untrained"
    cheap: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_whole(self, "initialisations")

    @override
    def run(self, subject: Subject) -> CheckResult:
        own = subject.predictions()
        if own.table is None or own.table.shape[1] < 2:
            raise CheckDoesNotApplyError(
                "The model predicts no class: neither accuracy nor margins are defined."
            )
        if fixed := subject.question.model.fixed_weights:
            raise CheckDoesNotApplyError(fixed)
        rng = subject.rng(self.name)
        question, model = subject.question, subject.question.model
        layers, weights = question.weighted_layers(), model.weights()
        others = [
            subject.predictions(question.with_weights(model.fresh_weights(layers, rng, weights)))
            for _ in range(self.initialisations)
        ]
        labels = subject.probes.labels
        labelled = labels is not None and len(np.unique(labels)) > 1
        what = "accuracy" if labelled else "margin"
        numbers = [_numbers(scores, labels) for scores in (own, *others)]
        value, highest = numbers[0][what], max(number[what] for number in numbers[1:])
        details: dict[str, Any] = {
            name: {"model": numbers[0][name], "re-initialised": [number[name] for number in numbers[1:]]}
            for name in numbers[0]
        }
        words = {
            "accuracy": f"accuracy on the probes ({value:.0%}, at best {highest:.0%})",
            "margin": f"mean margin between the two best scores ({value:.3g}, at most {highest:.3g})",
        }[what]
        if value > highest:
            status, sentence = "passed", f"The {words} of the model lies above re-initialisations of it."
        else:
            status = "warned"
            sentence = f"The {words} of the model lies within re-initialisations of it: is it trained?"
        return CheckResult(
            self.name,
            status,  # type: ignore[arg-type]
            sentence,
            value,
            highest,
            "at_least",
            details=details,
        )


def _numbers(scores: Scores, labels: np.ndarray | None) -> dict[str, float]:
    """The mean margin between the best and the second score; and the accuracy, where there are labels."""
    if scores.table is None:
        return {}
    ordered = np.sort(scores.table.astype("float64"), axis=1)
    found = {"margin": float((ordered[:, -1] - ordered[:, -2]).mean())}
    if labels is not None:
        found["accuracy"] = float((scores.predicted_classes == labels).mean())
    return found
