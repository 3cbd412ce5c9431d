"""What the checks say of the trainings of the field."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import keras

import keras_saliency as ks
from benchmarks.field.cases import Case, Role

ASKED: dict[Role, dict[str, str]] = {
    "clean": {"marked": "full", "bare": "quick", "unseen": "quick"},
    "irrelevant": {"marked": "full", "bare": "quick"},
    "strong": {"marked": "region", "bare": "quick"},
    "faint": {"marked": "region", "bare": "quick"},
}
"""Which suite is asked about which probes: everything of the sound; of a shortcut `region`, and what needs no mask."""


def judge(case: Case, folder: Path) -> dict[str, Any]:
    """Ask the checks about a stored training, and store what each says; returns how often each status occurs."""
    model, told = _model(case.network, case.data, folder / "model.keras"), []
    model.load_weights(folder / "model.keras")
    for kind, suite in ASKED[case.role].items():
        probes = ks.ProbeSet.load(folder / f"{kind}.npz")
        if suite == "region" and not probes.regions:
            continue
        report = ks.check(model, probes, suite)
        told += [
            {
                "probes": kind,
                "suite": suite,
                "check": result.name,
                "status": result.status,
                "value": result.value,
                "sentence": result.sentence,
                "evaluations": result.evaluations,
                "seconds": round(result.seconds, 2),
            }
            for result in report.results
        ]
    (folder / "verdicts.json").write_text(json.dumps(told, indent=1))
    return {
        **Counter(one["status"] for one in told),
        "against": [f"{one['probes']}:{one['check']}" for one in told if one["status"] in ("failed", "errored")],
    }


_LOADED: dict[tuple[str, str], keras.Model] = {}


def _model(network: str, data: str, path: Path) -> keras.Model:
    """A model of this network, with whatever weights: one for all trainings, as its traces are kept with it."""
    if (network, data) not in _LOADED:
        _LOADED[network, data] = keras.saving.load_model(path, compile=False)
    return _LOADED[network, data]
