"""The contact sheet of one method at one look, the same for all writers."""

from __future__ import annotations

import numpy as np

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.writers.base import Run
from keras_saliency.render import contact_sheet, shrink
from keras_saliency.render.probe_captions import captions


def draw_sheet(run: Run, look: Look, method: str, previous: Look | None) -> np.ndarray:
    """One picture `(height, width, 3)` uint8 of what a method showed, a captioned row per probe."""
    seen = look.methods[method]
    heatmaps, before = _with_previous(seen, previous.methods.get(method) if previous else None)
    return contact_sheet(
        run.pictures,
        heatmaps,
        before,
        captions(run.probes, seen.model_scores),
        title=f"{method}, {look.moment}",
        subtitle=_subtitle(look, seen),
    )


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
