"""A report as JSON that says which schema it has.

Numbers that are not finite are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as JSON has none; in `per_probe`
a probe without a value is `null`. Pictures are PNG files in base64.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_saliency.render import as_base64
from keras_saliency.reports.regions import as_rows
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import Verdicts

SCHEMA = 2
"""A reader that knows this number understands the file: it grows when the meaning of a key changes or one goes."""
KIND = "keras_saliency report"
"""What the file says it is."""
START = f'{{\n  "kind": "{KIND}",'
"""How the file begins."""


def encode(report: Verdicts) -> str:
    """The report as JSON text."""
    described = {
        "kind": KIND,
        "schema": SCHEMA,
        "passed": report.passed,
        "fail_on": report.fail_on,
        "counts": report.counts,
        "model": report.model,
        "method": report.method,
        "probes": report.probes,
        "fingerprint": report.fingerprint,
        "seed": report.seed,
        "versions": dict(report.versions),
        "advice": report.advice,
        "evaluations": report.evaluations,
        "seconds": report.seconds,
        "results": [{**_result(result), "waived": result.name in report.waived} for result in report.results],
    }
    return json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _result(result: CheckResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "about": result.about,
        "status": result.status,
        "counts": result.counts,
        "sentence": result.sentence,
        "value": plain(result.value),
        "limit": plain(result.limit),
        "direction": result.direction,
        "per_probe": {name: _per_probe(values) for name, values in result.per_probe.items()},
        "details": plain(result.details),
        "pictures": {n: as_base64(p) for n, p in result.pictures.items()},
        "evaluations": result.evaluations,
        "seconds": result.seconds,
    }


def _per_probe(values: np.ndarray) -> list[Any]:
    return [None if math.isnan(value) else plain(value) for value in np.asarray(values, "float64").tolist()]


def plain(value: Any) -> Any:
    """What JSON can hold: numpy's numbers and arrays as Python's, numbers that are not finite as words.

    A mask is a text of `0` and `1` for each of its rows.
    """
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == bool and value.ndim > 1:
        return as_rows(value) if value.ndim == 2 else [plain(mask) for mask in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
