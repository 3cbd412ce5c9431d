"""Failures that a team has agreed to live with, for a reason and until a date. Loads no Keras."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from keras_saliency.registry import unknown
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.reports.report import Report

_WAIVABLE = ("failed", "warned")


@dataclass(frozen=True)
class Waiver:
    """One check may fail, up to and with the day `expires`.

    Attributes:
        check: the name that the check has in the report, such as `region_corner`.
        reason: why, in words.
        expires: the last day on which it holds.
    """

    check: str
    reason: str
    expires: date

    def holds(self, today: date) -> bool:
        """Whether the waiver still holds."""
        return today <= self.expires

    def applies(self, result: CheckResult) -> bool:
        """Whether there is something to waive: a check that errored has no verdict that could be waived."""
        return result.name == self.check and result.status in _WAIVABLE

    def note(self, result: CheckResult, today: date) -> CheckResult:
        """The result whose sentence says what this waiver does to it; another check's result as it is."""
        if result.name != self.check or result.status in ("errored", "skipped"):
            return result
        if not self.applies(result):
            return replace(result, sentence=f"{result.sentence} Its waiver is no longer needed: remove it.")
        if not self.holds(today):
            over = f"Its waiver expired on {self.expires}: {self.reason.rstrip('.')}."
            return replace(result, sentence=f"{result.sentence} {over}")
        until = f"Waived until {self.expires}: {self.reason.rstrip('.')}."
        return replace(result, sentence=f"{until} {result.sentence}")


def with_waivers(report: Report, waivers: Iterable[Waiver], today: date) -> Report:
    """The report in which waived failures do not count; each sentence says what its waiver does."""
    results, waived = report.results, set(report.waived)
    for waiver in waivers:
        waived |= {r.name for r in results if waiver.applies(r) and waiver.holds(today)}
        results = tuple(waiver.note(result, today) for result in results)
    return replace(report, results=results, waived=frozenset(waived))


def check_waivers(waivers: Iterable[Waiver], known: Iterable[str]) -> None:
    """Do nothing if every waiver is about one of these checks.

    Raises:
        ValueError: it is not; the nearest names are named.
    """
    names = sorted(set(known))
    for waiver in waivers:
        if waiver.check not in names:
            raise ValueError(
                f"A waiver names a check that does not exist. {unknown('check', waiver.check, names)}"
            )
