"""The contact sheet of one method at one look, the same for all writers."""

from __future__ import annotations

import numpy as np

from keras_saliency.look import Look, MethodLook
from keras_saliency.render import Caption, contact_sheet, shrink
from keras_saliency.render.text import printable
from keras_saliency.writers.base import Run


def draw_sheet(run: Run, look: Look, method: str, previous: Look | None) -> np.ndarray:
    """One picture `(height, width, 3)` uint8 of what a method showed, a captioned row per probe."""
    seen = look.methods[method]
    heatmaps, before = _with_previous(seen, previous.methods.get(method) if previous else None)
    captions = [_caption(run, seen, probe) for probe in range(len(seen.scores))]
    return contact_sheet(
        run.pictures,
        heatmaps,
        before,
        captions,
        title=f"{method}, {_moment(look)}",
        subtitle=_subtitle(look, seen),
    )


def _moment(look: Look) -> str:
    """When the look was taken, with epochs counted from 1 as Keras prints them."""
    return "before training" if look.epoch == -1 else f"after epoch {look.epoch + 1}"


def _subtitle(look: Look, seen: MethodLook) -> str:
    accuracy = "" if look.probe_accuracy is None else f", accuracy on the probes {look.probe_accuracy:.2f}"
    return f"step {look.step}, score: {seen.score_kind.replace('_', ' ')}{accuracy}"


def _with_previous(
    seen: MethodLook, before: MethodLook | None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray] | None]:
    """The maps to draw now and before, of one size: a look read back from a log may be smaller."""
    if before is None:
        return dict(seen.heatmaps), None
    size = before.heatmaps["signed"].shape
    smaller = {view: shrink(maps, max(size[1:])) for view, maps in seen.heatmaps.items()}
    if smaller["signed"].shape != size:
        return dict(seen.heatmaps), None
    return smaller, dict(before.heatmaps)


def _caption(run: Run, seen: MethodLook, probe: int) -> Caption:
    probes = run.probes
    name = f"probe {probe}" if probes.names is None else _legible(probes.names[probe], probe)
    label = None if probes.labels is None else int(probes.labels[probe])
    predicted, target = int(seen.predicted_classes[probe]), int(seen.target_classes[probe])
    wrong = label is not None and predicted not in (-1, label)
    lines = [name]
    if label is not None:
        lines.append(f"label {_class_name(run, label)}")
    if predicted != -1:
        lines.append(
            f"{'wrong:' if wrong else 'predicted'} {_class_name(run, predicted)}{_probability(seen, probe)}"
        )
    if target not in (-1, predicted):
        lines.append(f"explained: {_class_name(run, target)}")
    return Caption(tuple(lines), wrong)


def _class_name(run: Run, number: int) -> str:
    names = run.probes.class_names or ()
    return _legible(names[number], number) if 0 <= number < len(names) else str(number)


def _legible(name: str, number: int) -> str:
    """The name, behind its number where the sheet's font lacks some of its letters and prints `?` instead."""
    return f"{number}: {name}" if "?" in printable(name) else name


def _probability(seen: MethodLook, probe: int) -> str:
    probability = float(seen.probabilities[probe])
    return f" ({probability:.2f})" if np.isfinite(probability) else ""
