"""Pictures that show why: images before and after an intervention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_saliency.render import pictures

if TYPE_CHECKING:
    from keras_saliency.checks.experiment.experiment import Experiment
    from keras_saliency.checks.shared.subject import Subject

_SHOWN = 4
_GAP = 2
_LEAST = 96


def before_and_after(subject: Subject, experiment: Experiment, class_index: int) -> dict[str, np.ndarray]:
    """Up to four images, each before (above) and after (below), for both directions of the experiment."""
    rows = np.flatnonzero((experiment.classes == class_index) & experiment.has_content)[:_SHOWN]
    shown = {}
    if len(rows):
        shown["taken_out"] = _pairs(subject, subject.image[rows], experiment.emptied[rows])
    rows = experiment.receivers(class_index)[:_SHOWN]
    if len(rows):
        shown["put_in"] = _pairs(subject, experiment.emptied[rows], experiment.put(class_index, rows))
    return shown


def class_name(subject: Subject, class_index: int) -> str:
    """What a class is called, with its index."""
    names = subject.probes.class_names
    return f"{class_index} ({names[class_index]})" if names and class_index < len(names) else str(class_index)


def _pairs(subject: Subject, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Two rows of pictures, white between them; small images are enlarged by a whole number."""
    own = subject.image
    low, high = float(own.min()), float(own.max())
    scale = (high - low) or 1.0
    drawn = pictures(np.clip((np.concatenate([before, after]) - low) / scale, 0, 1).astype("float32"))
    factor = max(1, _LEAST // min(drawn.shape[1:3]))
    large = drawn.repeat(factor, 1).repeat(factor, 2)
    framed = np.pad(large, ((0, 0), (_GAP, _GAP), (_GAP, _GAP), (0, 0)), constant_values=255)
    rows = framed.reshape(2, len(before), *framed.shape[1:])
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)
