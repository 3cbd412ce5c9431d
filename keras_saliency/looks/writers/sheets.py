"""The contact sheet of one method at one look, the same for all writers."""

from __future__ import annotations

import numpy as np

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.writers.base import Run
from keras_saliency.probes.captions import captions
from keras_saliency.render import contact_sheet, shrink, using_font

MOST_PROBES = 256
"""More make a picture of gigabytes, which nobody can open. The Saliency tab shows all."""


def draw_sheet(run: Run, look: Look, method: str, previous: Look | None) -> np.ndarray:
    """One picture `(height, width, 3)` uint8 of what a method showed, a captioned row for each of the first probes."""
    seen = look.methods[method]
    heatmaps, before = _with_previous(seen, previous.methods.get(method) if previous else None)
    with using_font(run.font):
        return contact_sheet(
            None if run.pictures is None else run.pictures[:MOST_PROBES],
            heatmaps,
            before,
            captions(run.probes, seen.model_scores, seen.diagnostics)[:MOST_PROBES],
            title=f"{method}, {look.moment}",
            subtitle=_subtitle(look, seen),
        )


def _subtitle(look: Look, seen: MethodLook) -> str:
    accuracy = "" if look.probe_accuracy is None else f", accuracy on the probes {look.probe_accuracy:.2f}"
    count = len(seen.scores)
    shown = f", the first {MOST_PROBES} of {count} probes" if count > MOST_PROBES else ""
    return f"step {look.step}, score: {seen.score_kind.replace('_', ' ')}{accuracy}{shown}"


def _with_previous(
    seen: MethodLook, before: MethodLook | None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray] | None]:
    """The maps to draw now and before, of one size: a look read back from a log may be smaller."""
    now = _drawn(seen)
    if before is None:
        return now, None
    then = _drawn(before)
    size = then["signed"].shape
    smaller = {view: shrink(maps, max(size[1:])) for view, maps in now.items()}
    return (smaller, then) if smaller["signed"].shape == size else (now, None)


def _drawn(seen: MethodLook) -> dict[str, np.ndarray]:
    return {view: maps[:MOST_PROBES] for view, maps in seen.heatmaps.items()}
