"""Logs of many looks, made quickly: random maps through the real writer, no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.writers import Run, TensorBoardWriter
from keras_saliency.metrics import NUMBERS
from keras_saliency.probes import ProbeSet
from keras_saliency.records.scores import Scores

_DIFFERENT = 20


def write_log(
    log_dir: Path, looks: int, *, methods: Sequence[str] = ("gradient",), probes: int = 16, side: int = 32
) -> int:
    """Write a run of so many looks to `log_dir` and return its bytes. Twenty different ones take turns."""
    folder = log_dir / "saliency"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (probes, side, side, 3), np.uint8)
    watched = ProbeSet(pictures, np.arange(probes) % 10, names=[f"probe {i}" for i in range(probes)])
    different = [{method: _seen(rng, probes, side) for method in methods} for _ in range(_DIFFERENT)]
    writer = TensorBoardWriter()
    writer.open(Run(folder, watched, pictures, {"methods": list(methods)}, sheets=False))
    look = Look(-1, -1, 0.0, different[0], 0.5)
    for step in range(looks):
        turn = different[step % _DIFFERENT]
        writer.write(replace(look, step=step, epoch=step, wall_time=1.7e9 + step, methods=turn), None)
    writer.close()
    return sum(file.stat().st_size for file in folder.iterdir())


def _seen(rng: np.random.Generator, probes: int, side: int) -> MethodLook:
    maps = rng.normal(size=(probes, side, side)).astype(np.float32)
    return MethodLook(
        heatmaps={
            "magnitude": np.abs(maps),
            "positive": np.maximum(maps, 0),
            "negative": np.maximum(-maps, 0),
            "signed": maps,
        },
        model_scores=Scores(
            values=rng.normal(size=probes).astype(np.float32),
            target_classes=np.arange(probes) % 10,
            predicted_classes=rng.integers(0, 10, probes),
            probabilities=rng.random(probes).astype(np.float32),
            kind="logit",
        ),
        per_probe={number: rng.random(probes) for number in NUMBERS},
    )
