"""The verdicts of one run as a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Literal

from keras_saliency.checks.base import STATUSES, CheckResult, Status
from keras_saliency.errors import ChecksFailedError

FailOn = Literal["failed", "warned"]
_COLOURS = {
    "passed": "green",
    "warned": "yellow",
    "failed": "bold red",
    "skipped": "dim",
    "errored": "bold red",
}


@dataclass(frozen=True)
class Report:
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
        against = {"failed", "errored"} | ({"warned"} if self.fail_on == "warned" else set())
        return tuple(result for result in self.results if result.status in against)

    @property
    def counts(self) -> dict[Status, int]:
        """How many checks have each status; every status is there."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in STATUSES}

    def raise_for_failures(self) -> None:
        """Do nothing if the report passed.

        Raises:
            ChecksFailedError: it did not; the message is the report.
        """
        if not self.passed:
            raise ChecksFailedError(f"The checks did not pass.\n{self}")

    def __str__(self) -> str:
        """The report as a table for a person."""
        return self.table(width=110)

    def table(self, width: int, *, colour: bool = False) -> str:
        """The report as a table of so many columns; with terminal colours if wanted."""
        from rich.console import Console

        out = StringIO()
        console = Console(
            file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False, markup=False
        )
        for line in self._parts():
            console.print(line)
        return out.getvalue().rstrip("\n")

    def _parts(self) -> list[object]:
        from rich.table import Table
        from rich.text import Text

        table = Table(show_edge=False, pad_edge=False)
        table.add_column("check", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        table.add_column("found", ratio=1)
        for result in self.results:
            verdict = Text(result.status, style=_COLOURS[result.status])
            table.add_row(Text(result.name), verdict, Text(result.sentence))
        counted = ", ".join(f"{count} {status}" for status, count in self.counts.items() if count)
        return [
            Text(f"{self.model}: {self.probes} probes, maps by {self.method}"),
            table,
            Text(
                f"{'Passed' if self.passed else 'Not passed'}: {counted}. {self.evaluations} model evaluations, "
                f"{self.seconds:.1f} s."
            ),
        ]
