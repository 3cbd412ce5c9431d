"""What a check is, what it returns, and the list of those there are. Loads no Keras."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from keras_saliency.reports.result import CheckResult, Direction, Status

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

CHECK_NAME = re.compile(r"[a-z][a-z0-9_]*")
ENTRY_POINTS = "keras_saliency.checks"


@runtime_checkable
class Check(Protocol):
    """A question about a trained model. Checks are frozen dataclasses: their fields are their settings.

    Attributes:
        registered: the name by which the check is found.
        cheap: whether it costs so little that it may run at every look of a training: about a dozen forward
            passes of the probes beside their maps, or once more the maps.
        name: the name of this variant in reports, lower-case words (`[a-z][a-z0-9_]*`).
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    registered: ClassVar[str]
    cheap: ClassVar[bool]

    @property
    def name(self) -> str:
        """The name of this variant."""

    def run(self, subject: Subject) -> CheckResult:
        """The verdict. What raises is reported as `"errored"`, with the exception's sentence."""


def judged(
    check: Check,
    value: float,
    limit: float,
    direction: Direction,
    sentence: str,
    *,
    otherwise: Status = "failed",
    per_probe: Mapping[str, np.ndarray] | None = None,
    pictures: Mapping[str, np.ndarray] | None = None,
    details: Mapping[str, Any] | None = None,
) -> CheckResult:
    """The result of holding a value against a limit: passed, or `otherwise`; NaN never passes."""
    held = value >= limit if direction == "at_least" else value <= limit
    return CheckResult(
        check.name,
        "passed" if held else otherwise,
        sentence,
        float(value),
        float(limit),
        direction,
        per_probe or {},
        pictures or {},
        details or {},
    )


def skipped(check: Check, reason: str) -> CheckResult:
    """The result of a check that does not apply; the reason is one sentence."""
    return CheckResult(check.name, "skipped", reason)


REGISTRY: dict[str, Callable[..., Check]] = {}
"""Our own checks by name; `keras_saliency.checks` fills it from its public list."""


def known_checks() -> dict[str, Callable[..., Check]]:
    """Every check by its registered name: ours, and those that other installed packages offer."""
    return {point.name: partial(_load, point) for point in entry_points(group=ENTRY_POINTS)} | REGISTRY


def unknown(name: str, names: list[str]) -> ValueError:
    """The error for a name that is none of these; the nearest ones are named."""
    near = get_close_matches(name, names, n=3, cutoff=0.4)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return ValueError(f"No check {name!r}.{hint} Checks and suites: {', '.join(sorted(names))}.")


def validated(check: Any) -> Check:
    """The check itself.

    Raises:
        TypeError: this is no check.
        ValueError: its name is none that a check may have.
    """
    if isinstance(check, type) or not isinstance(check, Check):
        raise TypeError(
            "Expected the name of a check or of a suite, or a check, such as ks.Accuracy(0.9). "
            f"Received: {check!r}"
        )
    if not isinstance(check.name, str) or not CHECK_NAME.fullmatch(check.name):
        raise ValueError(
            f"Expected a check's name like region_corner (lower-case words). Received: {check.name!r}"
        )
    return check


def _load(point: EntryPoint, *arguments: Any, **settings: Any) -> Check:
    made: Check = point.load()(*arguments, **settings)
    return made
