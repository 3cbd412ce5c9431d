"""The verdicts of one run as a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Literal

from keras_saliency.errors import ChecksFailedError
from keras_saliency.reports.result import STATUSES, CheckResult, Status
from keras_saliency.terminal import visible

FailOn = Literal["failed", "warned"]
Verdict = Status | Literal["waived"]

VERDICTS: tuple[Verdict, ...] = ("failed", "errored", "warned", "waived", "passed", "skipped")
"""The worst first."""
_COLOURS = {
    "passed": "green",
    "warned": "yellow",
    "failed": "bold red",
    "skipped": "dim",
    "errored": "bold red",
    "waived": "magenta",
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

    def to_json(self, path: str | Path) -> None:
        """Write everything, pictures too, as JSON; `keras_saliency.reports.read_report` reads it back."""
        from keras_saliency.reports import as_json

        _write(path, as_json.encode(self))

    def to_junit(self, path: str | Path) -> None:
        """Write JUnit XML, a test case per check."""
        from keras_saliency.reports import as_junit

        _write(path, as_junit.encode(self))

    def to_html(self, path: str | Path) -> None:
        """Write one page with pictures that asks nothing from anywhere."""
        from keras_saliency.reports import as_html

        _write(path, as_html.encode(self))

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
        return "\n".join(map(str.rstrip, out.getvalue().rstrip("\n").split("\n")))

    def _parts(self) -> list[object]:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("check", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        table.add_column("found", ratio=1)
        for result in self.results:
            verdict = self.verdict(result)
            name, sentence = Text(visible(result.name)), Text(visible(result.sentence))
            table.add_row(name, Text(verdict, style=_COLOURS[verdict]), sentence)
        closing = Text(f"{'Passed' if self.passed else 'Not passed'}: {self.count_words()}.", style="bold")
        closing.append(f" {self.evaluations} model evaluations, {self.seconds:.1f} s.", style="not bold")
        return [
            Text(visible(f"{self.model}: {self.probes} probes, maps by {self.method}\n")),
            table,
            Text(),
            closing,
        ]


def _write(path: str | Path, text: str) -> None:
    """Write a text file, and the folders above it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace")
