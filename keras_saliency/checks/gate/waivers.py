"""Failures that a team has agreed to live with, for a reason and until a date. Loads no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from keras_saliency.checks.region import Region
from keras_saliency.registry import unknown
from keras_saliency.reports.result import CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.gate.suites import Chosen
    from keras_saliency.probes import ProbeSet
    from keras_saliency.reports.report import Report

_WAIVABLE = ("failed", "warned")
_SAME_PLACE = 0.5

Regions = Mapping[str, np.ndarray]
_NONE: Regions = {}


@dataclass(frozen=True)
class Waiver:
    """One check may fail, up to and with the day `expires`.

    A waiver of a check of a region also covers what is found at the same place without a mask: one shortcut is one
    finding. The places of a finding are the masks `details["region"]`; each must have at least half of it in the region
    (where that differs from image to image, on average over those that have it), so that a second shortcut is not
    covered by the first.

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

    def applies(self, result: CheckResult, regions: Regions = _NONE) -> bool:
        """Whether there is something to waive: a check that errored has no verdict that could be waived."""
        return result.status in _WAIVABLE and (result.name == self.check or self._covers(result, regions))

    def note(
        self, result: CheckResult, today: date, regions: Regions = _NONE, *, is_needed: bool = False
    ) -> CheckResult:
        """The result whose sentence says what this waiver does to it; another check's result as it is.

        Args:
            result: of one check.
            today: the date.
            regions: see `regions_of`.
            is_needed: whether the waiver covers the result of another check.
        """
        if not self.applies(result, regions):
            is_unused = result.name == self.check and result.status == "passed" and not is_needed
            unused = " Its waiver is no longer needed: remove it." if is_unused else ""
            return replace(result, sentence=f"{result.sentence}{unused}")
        own = result.name == self.check
        if not self.holds(today):
            whose = "Its waiver" if own else f"The waiver of {self.check}, which is about this place,"
            over = f"{whose} expired on {self.expires}: {self.reason.rstrip('.')}."
            return replace(result, sentence=f"{result.sentence} {over}")
        place = "" if own else f" with {self.check}, which is about this place"
        until = f"Waived until {self.expires}{place}: {self.reason.rstrip('.')}."
        return replace(result, sentence=f"{until} {result.sentence}")

    def _covers(self, result: CheckResult, regions: Regions) -> bool:
        """Whether the result is a finding at the place of the waived check, and has no region of its own."""
        found, waived = np.asarray(result.details.get("region")), regions.get(self.check)
        if (
            waived is None
            or not waived.any()
            or result.name in regions
            or found.dtype != bool
            or found.shape[-2:] != waived.shape[-2:]
        ):
            return False
        waived = waived[waived.any((-2, -1))] if waived.ndim == 3 else waived
        places = found.reshape(-1, *found.shape[-2:])
        shares = [((waived & place).sum((-2, -1)) / max(place.sum(), 1)).mean() for place in places]
        return bool(min(shares) >= _SAME_PLACE)


def with_waivers(report: Report, waivers: Iterable[Waiver], today: date, regions: Regions = _NONE) -> Report:
    """The report in which waived failures do not count; each sentence says what its waiver does."""
    results, waived = report.results, set(report.waived)
    for waiver in waivers:
        names = {r.name for r in results if waiver.applies(r, regions)}
        waived |= names if waiver.holds(today) else set()
        needed = bool(names)
        results = tuple(waiver.note(result, today, regions, is_needed=needed) for result in results)
    return replace(report, results=results, waived=frozenset(waived))


def regions_of(chosen: Iterable[Chosen], probes: ProbeSet) -> dict[str, np.ndarray]:
    """The region that each check of one is about, by the name of the check: masks `(height, width)` or one a probe."""
    masks = {Region(name).name: mask for name, mask in probes.regions.items()}
    given = [one.check for one in chosen if isinstance(one.check, Region)]
    return masks | {
        check.name: probes.regions[check.region] for check in given if check.region in probes.regions
    }


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
