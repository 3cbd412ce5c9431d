"""What experiments say of the suspicious strategies."""

from __future__ import annotations

from collections.abc import Sequence

from keras_saliency.reports.result import CheckResult
from keras_saliency.surveys.examples import Source
from keras_saliency.surveys.measuring import Measurer
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.strategy import Strategy


def judge(
    strategies: Sequence[Strategy], measurer: Measurer, source: Source, parts: Parts
) -> tuple[CheckResult, ...]:
    """A result for each suspect, and one for the data set where there is none.

    Args:
        strategies: of all classes.
        measurer: the model, and how it is asked.
        source: gives examples again by their ids.
        parts: what was measured of all examples.
    """
    return (CheckResult("survey", "skipped", "No strategies were sought."),)
