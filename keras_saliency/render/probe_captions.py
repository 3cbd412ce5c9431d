"""What is written beside each probe: its name, its label, what the model says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import PREDICTED
from keras_saliency.records.scores import Scores
from keras_saliency.render import Caption
from keras_saliency.render.text import printable


def captions(
    probes: ProbeSet, scores: Scores, diagnostics: Mapping[str, Any] = MappingProxyType({})
) -> list[Caption]:
    """One caption per probe; with what the method says of how far its map is right."""
    return [_caption(probes, scores, diagnostics, probe) for probe in range(len(probes))]


def names(probes: ProbeSet) -> list[str]:
    """What each probe is called; the font may lack some letters of its name."""
    return [_name(probes, probe) for probe in range(len(probes))]


def _name(probes: ProbeSet, probe: int) -> str:
    return f"probe {probe}" if probes.names is None else _legible(probes.names[probe], probe)


def _caption(probes: ProbeSet, scores: Scores, diagnostics: Mapping[str, Any], probe: int) -> Caption:
    label = None if probes.labels is None else int(probes.labels[probe])
    predicted, target = int(scores.predicted_classes[probe]), int(scores.target_classes[probe])
    wrong = label is not None and predicted not in (PREDICTED, label)
    lines = [_name(probes, probe)]
    if label is not None:
        lines.append(f"label {_class_name(probes, label)}")
    if predicted != PREDICTED:
        said = _class_name(probes, predicted) + _probability(scores, probe)
        lines.append(f"{'wrong:' if wrong else 'predicted'} {said}")
    if target not in (PREDICTED, predicted):
        lines.append(f"explained: {_class_name(probes, target)}")
    if "completeness_error" in diagnostics:
        taken = diagnostics["evaluations"][probe]
        lines.append(f"sum off by {diagnostics['completeness_error'][probe]:.1%}, {taken} gradients")
    return Caption(tuple(lines), wrong)


def _class_name(probes: ProbeSet, number: int) -> str:
    names = probes.class_names or ()
    return _legible(names[number], number) if number < len(names) else str(number)


def _legible(name: str, number: int) -> str:
    """The name, behind its number where the font lacks some of its letters and prints `?` instead."""
    return f"{number}: {name}" if "?" in printable(name) else name


def _probability(scores: Scores, probe: int) -> str:
    probability = float(scores.probabilities[probe])
    return f" ({probability:.2f})" if np.isfinite(probability) else ""
