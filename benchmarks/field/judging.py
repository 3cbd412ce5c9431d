"""What the checks say of the trainings of the field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import keras

import keras_saliency as ks
from benchmarks.field.cases import Case, Role
from keras_saliency.checks.base import CheckResult
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.checks.shared.subject import Subject

ASKED: dict[Role, dict[str, str]] = {
    "clean": {"marked": "full", "bare": "quick", "unseen": "quick"},
    "irrelevant": {"marked": "full", "bare": "quick"},
    "strong": {"marked": "region", "bare": "quick"},
    "faint": {"marked": "region", "bare": "quick"},
}
"""Which suite is asked about which probes: everything of the sound; of a shortcut `region`, and what needs no mask."""


def judge(case: Case, folder: Path, only: Collection[str] = ()) -> dict[str, Any]:
    """Ask the checks about a stored training, and store what each says.

    Args:
        case: which one.
        folder: where it is stored.
        only: names of checks; what others said before stays. Without any: all of the suites.

    Returns:
        How often each status occurs, and which checks failed.
    """
    stored, told = folder / "verdicts.json", {}
    if only and stored.exists():
        told = {(one["probes"], one["check"]): one for one in json.loads(stored.read_text())}
    model = stored_model(case, folder)
    for kind, suite in ASKED[case.role].items():
        probes = ks.ProbeSet.load(folder / f"{kind}.npz")
        if suite == "region" and not probes.regions:
            continue
        chosen = [one for one in make_checks(suite, probes) if not only or one.check.registered in only]
        results = run_checks(tuple(chosen), Subject.of(model, probes, "gradient")) if chosen else ()
        told |= {(kind, result.name): _stored(kind, suite, result) for result in results}
    stored.write_text(json.dumps(list(told.values()), indent=1))
    against = [
        f"{kind}:{name}" for (kind, name), one in told.items() if one["status"] in ("failed", "errored")
    ]
    return {**Counter(one["status"] for one in told.values()), "against": against}


def _stored(kind: str, suite: str, result: CheckResult) -> dict[str, Any]:
    return {
        "probes": kind,
        "suite": suite,
        "check": result.name,
        "status": result.status,
        "value": result.value,
        "sentence": result.sentence,
        "evaluations": result.evaluations,
        "seconds": round(result.seconds, 2),
    }


_LOADED: dict[tuple[str, str], keras.Model] = {}


def stored_model(case: Case, folder: Path) -> keras.Model:
    """The model of a training: one for all trainings of a network, as its traces are kept with it."""
    path, network = folder / "model.keras", (case.network, case.data)
    if network not in _LOADED:
        _LOADED[network] = keras.saving.load_model(path, compile=False)
    _LOADED[network].load_weights(path)
    return _LOADED[network]
