"""What a check is, what it returns, and the registry of checks. Loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from keras_saliency.registry import Registry, public
from keras_saliency.reports.result import CheckResult, Direction, Status

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@runtime_checkable
class Check(Protocol):
    """A question about a trained model. Checks are frozen dataclasses: their fields are their settings.

    A name alone stands for the check with its default settings. A class that takes it for something else has a
    class method `for_probes(probes)`: the checks that its name stands for with these probes. Where there are none
    it raises `NeedsSettingError`, whose sentence is for those who asked by name; suites leave such a check out.

    A class may say two more things of itself. `about`: whether its verdict is about the `"model"`, as without it, or
    about the `"maps"` of this method on this model. And of a check of maps `essential = True`: where it fails, these
    are no maps, and no verdict about the model that looks at them can be trusted.

    Attributes:
        registered: the name by which the check is found.
        cheap: whether it costs so little that it may run at every look of a training: about a dozen forward passes of
            the probes besides their maps, or the maps once more.
        name: the name of this variant in reports, lower-case words (`[a-z][a-z0-9_]*`).
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    registered: ClassVar[str]
    cheap: ClassVar[bool]

    @property
    def name(self) -> str:
        """The name of this variant."""

    def run(self, subject: Subject) -> CheckResult:
        """The verdict. An exception is reported as `"errored"`, with its message.

        Raises:
            CheckDoesNotApplyError: it has no meaning here. It is skipped where a suite brought it along, and an error
                where it was asked for.
        """


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
    """The result of a check that finds nothing to judge in what the model says now; the reason is one sentence.

    A check that does not apply whatever the weights are raises `CheckDoesNotApplyError`.
    """
    return CheckResult(check.name, "skipped", reason)


CHECKS: Registry[Check] = Registry(
    "check",
    Check,
    "the name of a check or of a suite, or a check, such as ks.Accuracy(0.9)",
    public("keras_saliency.checks"),
)
