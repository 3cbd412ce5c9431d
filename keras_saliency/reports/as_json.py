"""A report as JSON that says which schema it has, and back.

Numbers that are not finite are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as JSON has none; in `per_probe`
a probe without a value is `null`. Pictures are PNG files in base64.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import numpy as np

from keras_saliency.errors import UnreadableFileError
from keras_saliency.render import from_png, to_png
from keras_saliency.reports.report import FailOn, Report
from keras_saliency.reports.result import STATUSES, CheckResult, Direction

SCHEMA = 1
"""A reader that knows this number understands the file: it grows when the meaning of a key changes or one goes."""
_KIND = "keras_saliency report"


def encode(report: Report) -> str:
    """The report as JSON text."""
    described = {
        "kind": _KIND,
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
        "evaluations": report.evaluations,
        "seconds": report.seconds,
        "results": [{**_result(result), "waived": result.name in report.waived} for result in report.results],
    }
    return json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_report(path: str | Path) -> Report:
    """The report that `Report.to_json` wrote.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: it is no report, damaged, or by a newer version.
    """
    try:
        stored = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"{path} is no report: it is not JSON.") from error
    if not isinstance(stored, dict) or stored.get("kind") != _KIND:
        raise UnreadableFileError(f"{path} is no report of keras_saliency.")
    if not isinstance(stored.get("schema"), int) or stored["schema"] > SCHEMA:
        raise UnreadableFileError(
            f"{path} was written by a newer keras_saliency (schema {stored.get('schema')}; this one reads up to "
            f"{SCHEMA})."
        )
    try:
        return _report(stored)
    except Exception as error:  # Pillow alone raises half a dozen kinds for its pictures
        raise UnreadableFileError(f"{path} is damaged: {error!r}") from error


def _result(result: CheckResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "status": result.status,
        "sentence": result.sentence,
        "value": plain(result.value),
        "limit": plain(result.limit),
        "direction": result.direction,
        "per_probe": {name: _per_probe(values) for name, values in result.per_probe.items()},
        "details": plain(result.details),
        "pictures": {n: b64encode(to_png(p)).decode() for n, p in result.pictures.items()},
        "evaluations": result.evaluations,
        "seconds": result.seconds,
    }


def _per_probe(values: np.ndarray) -> list[Any]:
    return [None if math.isnan(value) else plain(value) for value in np.asarray(values, "float64").tolist()]


def plain(value: Any) -> Any:
    """What JSON can hold: numpy's numbers and arrays as Python's, numbers that are not finite as words."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _report(stored: dict[str, Any]) -> Report:
    if stored["fail_on"] not in get_args(FailOn):
        raise ValueError(f"fail_on={stored['fail_on']!r}")
    return Report(
        results=tuple(map(_read_result, stored["results"])),
        model=str(stored["model"]),
        method=str(stored["method"]),
        fingerprint=str(stored["fingerprint"]),
        probes=int(stored["probes"]),
        versions={str(name): str(version) for name, version in stored["versions"].items()},
        seed=int(stored["seed"]),
        fail_on=stored["fail_on"],
        evaluations=int(stored["evaluations"]),
        seconds=float(stored["seconds"]),
        waived=frozenset(result["name"] for result in stored["results"] if result["waived"]),
    )


def _read_result(stored: dict[str, Any]) -> CheckResult:
    if stored["status"] not in STATUSES or stored["direction"] not in (*get_args(Direction), None):
        raise ValueError(f"status={stored['status']!r}, direction={stored['direction']!r}")
    return CheckResult(
        name=str(stored["name"]),
        status=stored["status"],
        sentence=str(stored["sentence"]),
        value=_number(stored["value"]),
        limit=_number(stored["limit"]),
        direction=stored["direction"],
        per_probe=MappingProxyType(
            {
                name: np.array([math.nan if v is None else float(v) for v in values])
                for name, values in stored["per_probe"].items()
            }
        ),
        pictures=MappingProxyType({n: from_png(b64decode(png)) for n, png in stored["pictures"].items()}),
        details=MappingProxyType(dict(stored["details"])),
        evaluations=int(stored["evaluations"]),
        seconds=float(stored["seconds"]),
    )


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)
