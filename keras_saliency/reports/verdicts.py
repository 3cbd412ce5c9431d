"""The verdicts of one run as a value: the results of the checks, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from keras_saliency.reports.result import STATUSES, About, CheckResult, Status

FailOn = Literal["failed", "any", "warned"]
Verdict = Status | Literal["waived"]

VERDICTS: tuple[Verdict, ...] = ("failed", "errored", "warned", "waived", "passed", "skipped")
"""The worst first."""

_SUBJECTS: Mapping[About, str] = {"model": "the model", "maps": "its maps"}


def fails(result: CheckResult, fail_on: FailOn) -> bool:
    """Whether a result fails a run. What could not be made always does; the rest is for `fail_on` to say.

    Args:
        result: of one check.
        fail_on: `"failed"`: a failure that `counts`; `"any"`: every failure; `"warned"`: warnings too.
    """
    return {
        "errored": True,
        "failed": result.counts or fail_on != "failed",
        "warned": fail_on == "warned",
    }.get(result.status, False)


@dataclass(frozen=True)
class Verdicts:
    """What the checks of one model found; `Report` says what the fields are."""

    results: tuple[CheckResult, ...]
    model: str
    method: str
    fingerprint: str
    probes: int
    versions: Mapping[str, str] = field(repr=False)
    seed: int = 0
    fail_on: FailOn = "failed"
    evaluations: int = 0
    seconds: float = 0.0
    waived: frozenset[str] = frozenset()
    advice: str = ""

    @property
    def passed(self) -> bool:
        """Whether something was judged and nothing stands against the model.

        A check that errored stands against it, and so does a run in which every check was skipped.
        """
        judged = any(result.status != "skipped" for result in self.results)
        return judged and not self.failures

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The results that let the report fail."""
        return tuple(filter(self.stands_against, self.results))

    def stands_against(self, result: CheckResult) -> bool:
        """Whether one of the results lets the report fail."""
        return result.name not in self.waived and fails(result, self.fail_on)

    def verdict(self, result: CheckResult) -> Verdict:
        """The status of one of the results, or `"waived"`."""
        return "waived" if result.name in self.waived else result.status

    def weight(self, result: CheckResult) -> Verdict:
        """The verdict as heavy as it is: a failure that does not fail the report weighs as a warning."""
        verdict = self.verdict(result)
        return "warned" if verdict == "failed" and not self.stands_against(result) else verdict

    @property
    def counts(self) -> dict[Status, int]:
        """How many checks have each status; every status is there."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in STATUSES}

    def about(self, about: About) -> tuple[CheckResult, ...]:
        """The results about the model, or those about the maps."""
        return tuple(result for result in self.results if result.about == about)

    def count_words(self) -> str:
        """What the checks came to, in words: `"1 failed, 11 passed"`; those about the model and the maps apart."""
        counted = {words: self._counted(self.about(about)) for about, words in _SUBJECTS.items()}
        both = all(counted.values())
        return "; ".join(f"{words} {found}" if both else found for words, found in counted.items() if found)

    def _counted(self, results: tuple[CheckResult, ...]) -> str:
        found = Counter(map(self.verdict, results))
        return ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS if found[verdict])
