"""What all trackers of experiments are given of a look: its numbers and verdicts by name, and its contact sheets."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from keras_saliency import records
from keras_saliency.looks.look import Look
from keras_saliency.looks.writers.base import Run
from keras_saliency.looks.writers.sheets import draw_sheet


def scalars(look: Look) -> dict[str, float]:
    """Every number of a look by its tag, `saliency/<method>/<number>`, and 1 or 0 of each check that held or failed.

    What could not be judged is absent.
    """
    found = {
        records.number_tag(method, number): value
        for method, seen in look.methods.items()
        for number, value in seen.numbers.items()
    }
    if look.probe_accuracy is not None:
        found[records.PROBE_ACCURACY_TAG] = look.probe_accuracy
    for result in look.checks:
        if result.status in ("passed", "warned", "failed"):
            found[records.check_tag(result.name)] = float(result.status != "failed")
    return found


def sheets(run: Run, look: Look, previous: Look | None) -> Iterator[tuple[str, np.ndarray]]:
    """The contact sheet of each method by its tag, where they are wanted."""
    for method in look.methods if run.sheets else ():
        yield records.sheet_tag(method), draw_sheet(run, look, method, previous)


def run_name(run: Run) -> str:
    """What a tracker's run is called: `logs`, `logs_2` and so on, or the name that the run was given."""
    return f"{run.folder.parent.name}{run.folder.name.removeprefix('saliency')}"


def imported(name: str) -> Any:
    """The package of a tracker.

    Raises:
        ImportError: it is missing; the sentence says how to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f'writers="{name}" needs {name}: pip install keras_saliency[{name}]') from error
