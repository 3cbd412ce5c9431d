"""The verdicts of one run as a value: the results of the checks, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from keras_saliency.reports.result import STATUSES, CheckResult, Status

FailOn = Literal["failed", "warned"]
Verdict = Status | Literal["waived"]

VERDICTS: tuple[Verdict, ...] = ("failed", "errored", "warned", "waived", "passed", "skipped")
"""The worst first."""


@dataclass(frozen=True)
class Verdicts:
    """What the checks of one model found.

    Attributes:
        results: one per check, in order.
        model: the model's name.
        method: the name of the method whose maps were judged.
        fingerprint: that of the probe set.
        probes: how many probes there were.
        versions: of keras_saliency, Keras, the framework behind it (its name is a key) and numpy.
        seed: of the private generators.
        fail_on: the least status that lets the report fail, `"failed"` or `"warned"`.
        evaluations: images that went through the model, forward or forward and backward.
        seconds: that it took.
        waived: the names of checks whose failure or warning does not count, see `Waiver`.
    """

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
        against = {"failed", "errored"} | ({"warned"} if self.fail_on == "warned" else set())
        return self.verdict(result) in against

    def verdict(self, result: CheckResult) -> Verdict:
        """The status of one of the results, or `"waived"`."""
        return "waived" if result.name in self.waived else result.status

    @property
    def counts(self) -> dict[Status, int]:
        """How many checks have each status; every status is there."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in STATUSES}

    def count_words(self) -> str:
        """What the checks came to, in words: `"1 failed, 11 passed"`."""
        found = Counter(map(self.verdict, self.results))
        return ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS if found[verdict])
