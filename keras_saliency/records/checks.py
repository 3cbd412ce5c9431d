"""The record of what checks found, once per look."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_saliency.records import fields
from keras_saliency.records.container import decode_header, encode, reading

CHECKS = "checks"

_TEXTS = ("name", "status", "sentence")
_VALUES = ("value", "limit")


@dataclass(frozen=True)
class ChecksRecord:
    """What a log holds of the checks at one look.

    Attributes:
        step: the step under which the look is logged.
        epoch: Keras' epoch after which it was taken; None where looks are counted otherwise.
        results: one per check, JSON-ready, with the keys `name`, `status` (`"passed"`, `"warned"`, `"failed"`,
            `"skipped"`, `"errored"`), `sentence`, `value` and `limit` (numbers or None) and `direction`
            (`"at_least"`, `"at_most"` or None), and in newer logs `about` (`"model"` or `"maps"`) and `counts` (whether
            a failure fails a run); further keys are kept.
    """

    step: int
    epoch: int | None
    results: tuple[Mapping[str, Any], ...]


def encode_checks(checks: ChecksRecord) -> bytes:
    """The results as a record without arrays; a value or limit that is not finite is null."""
    header = {
        "kind": CHECKS,
        "step": int(checks.step),
        "epoch": fields.epoch_or_none(checks.epoch),
        "results": [_result(result) for result in checks.results],
    }
    return encode(header, {})


def decode_checks(record: bytes) -> ChecksRecord:
    """What checks found, from a record. Raises `UnreadableFileError` if it holds something else."""
    header = decode_header(record)
    with reading("a record of checks", header, CHECKS):
        results = tuple(map(_result, header["results"]))
        return ChecksRecord(fields.whole(header["step"]), fields.whole_or_none(header["epoch"]), results)


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    """One result with all its keys, its values finite or None."""
    texts = {key: str(result[key]) for key in _TEXTS}
    values = {key: _finite(result.get(key)) for key in _VALUES}
    return {**result, **texts, **values, "direction": result.get("direction")}


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
