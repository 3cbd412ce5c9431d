"""What a survey says of a training on a data set with a planted strategy."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.field.cases import Case
from benchmarks.planted.training import Planted


def judge(case: Case, folder: Path) -> dict[str, Any]:
    """Survey the data set that a network was trained on, and store what is said."""
    found, out = Planted.of(case), folder / "survey"
    if out.exists():
        shutil.rmtree(out)
    model = _stored(case, folder)
    started = time.perf_counter()
    data = (found.world.x, found.world.data.y)
    survey = ks.survey(model, data, out, store_images=True, progress=False)
    numbers, marked = survey.table(["strategy"])["strategy"], found.marked
    told = {
        "strategies": len(survey.strategies),
        "results": [
            {
                "name": one.name,
                "class": one.details.get("class"),
                "status": one.status,
                "sentence": one.sentence,
            }
            for one in survey.results
            if one.status not in ("passed", "skipped")
        ],
        "purest": max(
            (
                float(np.mean(marked[np.array(one.typical, int)]))
                for one in survey.strategies
                if one.class_index == found.world.meant and one.is_suspect
            ),
            default=0.0,
        ),
        "seconds": {**survey.seconds, "all": time.perf_counter() - started},
        "evaluations": sum(one.evaluations for one in survey.results),
        "sizes": np.bincount(numbers[numbers >= 0]).tolist(),
    }
    shutil.rmtree(out)
    (folder / "verdicts.json").write_text(json.dumps(told, indent=1))
    against = [f"{one['name']}:{one['status']}" for one in told["results"]]
    return {"against": against, **{name: told[name] for name in ("strategies", "purest", "seconds")}}


_LOADED: dict[str, keras.Model] = {}


def _stored(case: Case, folder: Path) -> keras.Model:
    """The model of a training: one for all of a data set, as its traces are kept with it."""
    path = folder / "model.keras"
    if case.data not in _LOADED:
        _LOADED[case.data] = keras.saving.load_model(path, compile=False)
    _LOADED[case.data].load_weights(path)
    return _LOADED[case.data]
