"""What is written beside each probe: its name, its label, what the model says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from keras_saliency.probes.names import class_name, probe_name
from keras_saliency.probes.probe_set import ProbeSet
from keras_saliency.probes.targets import PREDICTED
from keras_saliency.records.scores import Scores
from keras_saliency.render import Caption


def captions(
    probes: ProbeSet | None, scores: Scores, diagnostics: Mapping[str, Any] = MappingProxyType({})
) -> list[Caption]:
    """One caption per probe; with what the method says of how far its map is right. A log tells scores alone."""
    return [_caption(probes, scores, diagnostics, probe) for probe in range(len(scores.values))]


def names(probes: ProbeSet) -> list[str]:
    """What each probe is called."""
    return [probe_name(probes.names, probe) for probe in range(len(probes))]


def _caption(probes: ProbeSet | None, scores: Scores, diagnostics: Mapping[str, Any], probe: int) -> Caption:
    names, classes = (None, None) if probes is None else (probes.names, probes.class_names)
    label = None if probes is None or probes.labels is None else int(probes.labels[probe])
    predicted, target = int(scores.predicted_classes[probe]), int(scores.target_classes[probe])
    wrong = label is not None and predicted not in (PREDICTED, label)
    lines = [probe_name(names, probe)]
    if label is not None:
        lines.append(f"label {class_name(classes, label)}")
    if predicted != PREDICTED:
        said = class_name(classes, predicted) + _probability(scores, probe)
        lines.append(f"{'wrong:' if wrong else 'predicted'} {said}")
    if target not in (PREDICTED, predicted):
        lines.append(f"explained: {class_name(classes, target)}")
    if "completeness_error" in diagnostics:
        taken = diagnostics["evaluations"][probe]
        lines.append(f"sum off by {diagnostics['completeness_error'][probe]:.1%}, {taken} gradients")
    return Caption(tuple(lines), wrong)


def _probability(scores: Scores, probe: int) -> str:
    probability = float(scores.probabilities[probe])
    return f" ({probability:.2f})" if np.isfinite(probability) else ""
