"""What one check found, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

Status = Literal["passed", "warned", "failed", "skipped", "errored"]
Direction = Literal["at_least", "at_most"]
About = Literal["model", "maps"]

STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class CheckResult:
    """What one check found on `n` probes.

    Attributes:
        name: the check's name.
        status: `"passed"`; `"warned"`: something that a person should look at; `"failed"`; `"skipped"`: the check
            does not apply; `"errored"`: it could not be made.
        sentence: the verdict and its reason, one sentence for a person.
        value: what was measured; None where there is no one number.
        limit: what it is held against.
        direction: whether the value must be `"at_least"` or `"at_most"` the limit.
        per_probe: for each number `(n,)` values, NaN where a probe has none.
        pictures: `(height, width, 3)` uint8 pictures by name, for those who want to see why.
        details: what else was measured, JSON-ready; `"region"` has the places of a finding, booleans `(k, height,
            width)` or `(height, width)`.
        evaluations: images that went through the model for this check, forward or forward and backward.
        seconds: that it took.
        about: what the verdict is about, the `"model"` or the `"maps"` of this method on this model.
        counts: whether a failure fails a run by default: it is about the model, or no verdict about the model can be
            trusted then, or the check was asked for.

    Example:
        >>> (result,) = ks.check(model, probes, ks.Accuracy(0.9)).results
        >>> result.status, result.value, result.limit, result.direction
        ('passed', 1.0, 0.9, 'at_least')
    """

    name: str
    status: Status
    sentence: str
    value: float | None = None
    limit: float | None = None
    direction: Direction | None = None
    per_probe: Mapping[str, np.ndarray] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    pictures: Mapping[str, np.ndarray] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    evaluations: int = 0
    seconds: float = 0.0
    about: About = "model"
    counts: bool = True


def result_from(stored: Mapping[str, Any]) -> CheckResult:
    """A result from what a log or a report holds of it; in older ones every failure counts against the model.

    Raises:
        ValueError: it is no result.
    """
    status, direction, about = stored["status"], stored.get("direction"), stored.get("about", "model")
    if (
        status not in STATUSES
        or direction not in (*get_args(Direction), None)
        or about not in get_args(About)
    ):
        raise ValueError(f"Received: status={status!r}, direction={direction!r}, about={about!r}")
    return CheckResult(
        str(stored["name"]),
        status,
        str(stored["sentence"]),
        _number(stored["value"]),
        _number(stored["limit"]),
        direction,
        about=about,
        counts=stored.get("counts", True) is not False,
    )


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)
