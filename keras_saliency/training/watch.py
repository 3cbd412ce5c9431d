"""Cheap checks at every look of a training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from keras_saliency.checks.base import CHECKS
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.probes import ProbeSet
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


class Watch:
    """Makes the same checks at every look, and remembers which have failed.

    Args:
        checks: see `ks.check`; None or an empty list: none.
        probes: whose maps are checked.

    Raises:
        ValueError: an unknown check, or one that costs too much for every look; the cheap ones are named.
        TypeError: something is neither a name nor a check.
    """

    def __init__(self, checks: Any, probes: ProbeSet) -> None:
        self._checks = () if checks is None or checks == [] else make_checks(checks, probes)
        if costly := [one.name for one in self._checks if not one.check.cheap]:
            cheap = [name for name, check in CHECKS.built_in().items() if check.cheap]
            raise ValueError(
                f"The checks {', '.join(costly)} cost too much for every look: use ks.check after the training. "
                f"Cheap ones: {', '.join(cheap)}."
            )
        self._told: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._checks)

    def look(self, subject: Subject, *, before_training: bool = False) -> tuple[CheckResult, ...]:
        """The results now.

        Raises:
            CheckDoesNotApplyError: `before_training`, and a check that was asked for cannot be made.
        """
        return run_checks(self._checks, subject, before_training=before_training)

    def turned(self, results: Iterable[CheckResult]) -> list[CheckResult]:
        """Those that failed, or could not be made, for the first time."""
        new = [r for r in results if r.status in ("failed", "errored") and r.name not in self._told]
        self._told.update(result.name for result in new)
        return new
