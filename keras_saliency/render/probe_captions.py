"""What is written beside each probe: its name, its label, what the model says."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import PREDICTED
from keras_saliency.render import Caption
from keras_saliency.render.text import printable


class Answers(Protocol):
    """What a model said of `n` probes: an explanation, or one method's part of a look."""

    @property
    def target_classes(self) -> np.ndarray:
        """`(n,)` integers, −1 for none."""

    @property
    def predicted_classes(self) -> np.ndarray:
        """`(n,)` integers, −1 for none."""

    @property
    def probabilities(self) -> np.ndarray:
        """`(n,)` of the predicted classes, NaN for none."""


def captions(probes: ProbeSet, answers: Answers) -> list[Caption]:
    """One caption per probe."""
    return [_caption(probes, answers, probe) for probe in range(len(probes))]


def _caption(probes: ProbeSet, answers: Answers, probe: int) -> Caption:
    name = f"probe {probe}" if probes.names is None else _legible(probes.names[probe], probe)
    label = None if probes.labels is None else int(probes.labels[probe])
    predicted, target = int(answers.predicted_classes[probe]), int(answers.target_classes[probe])
    wrong = label is not None and predicted not in (PREDICTED, label)
    lines = [name]
    if label is not None:
        lines.append(f"label {_class_name(probes, label)}")
    if predicted != PREDICTED:
        said = _class_name(probes, predicted) + _probability(answers, probe)
        lines.append(f"{'wrong:' if wrong else 'predicted'} {said}")
    if target not in (PREDICTED, predicted):
        lines.append(f"explained: {_class_name(probes, target)}")
    return Caption(tuple(lines), wrong)


def _class_name(probes: ProbeSet, number: int) -> str:
    names = probes.class_names or ()
    return _legible(names[number], number) if number < len(names) else str(number)


def _legible(name: str, number: int) -> str:
    """The name, behind its number where the font lacks some of its letters and prints `?` instead."""
    return f"{number}: {name}" if "?" in printable(name) else name


def _probability(answers: Answers, probe: int) -> str:
    probability = float(answers.probabilities[probe])
    return f" ({probability:.2f})" if np.isfinite(probability) else ""
