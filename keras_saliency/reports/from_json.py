"""Reads a report back from JSON."""

from __future__ import annotations

import math
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import numpy as np

from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits
from keras_saliency.records.json_text import read_json
from keras_saliency.render import from_png, png_pixels
from keras_saliency.reports.as_json import KIND, SCHEMA
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult, result_from
from keras_saliency.reports.verdicts import FailOn


def read_report(path: str | Path) -> Report:
    """The report that `Report.to_json` wrote.

    Args:
        path: the JSON file.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: the file is not a report, is damaged, or was written by a newer version.

    Example:
        >>> from keras_saliency.reports import read_report
        >>> ks.check(model, probes, "structure").to_json("report.json")
        >>> read_report("report.json").passed
        True
    """
    stored, size = read_json(path, "not a report")
    return report_from(stored, str(path), size)


def report_from(stored: Any, what: str, size: int) -> Report:
    """The report that JSON describes.

    Args:
        stored: what the JSON says.
        what: it is from, for the sentences.
        size: of the file, in bytes.

    Raises:
        UnreadableFileError: it is no report, is damaged, or was written by a newer version.
    """
    if not isinstance(stored, dict) or stored.get("kind") != KIND:
        raise UnreadableFileError(f"{what} is not a report of keras_saliency.")
    if not isinstance(stored.get("schema"), int) or stored["schema"] > SCHEMA:
        raise UnreadableFileError(
            f"{what} was written by a newer keras_saliency (schema {stored.get('schema')}; this one reads up to "
            f"{SCHEMA})."
        )
    try:
        _check_pictures(what, stored, size)
        return _report(stored)
    except UnreadableFileError:
        raise
    except Exception as error:  # Pillow alone raises half a dozen kinds for its pictures
        raise UnreadableFileError(f"{what} is damaged: {error!r}") from error


def _check_pictures(what: str, stored: dict[str, Any], size: int) -> None:
    """Raise `UnreadableFileError` where the pictures together claim more pixels than a file of this size holds."""
    pngs = (b64decode(png) for result in stored["results"] for png in result["pictures"].values())
    claimed = sum(map(png_pixels, pngs))
    limits.check_unfolding(f"the pictures of {what}", claimed, size, limits.PIXELS_FREELY, limits.PIXELS)


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
        advice=str(stored.get("advice", "")),
        waived=frozenset(result["name"] for result in stored["results"] if result["waived"]),
    )


def _read_result(stored: dict[str, Any]) -> CheckResult:
    return replace(
        result_from(stored),
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
