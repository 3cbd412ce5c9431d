"""The reports that a command writes and prints, and the exit code that they come to."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_saliency.arguments import local_path
from keras_saliency.cli.console import say
from keras_saliency.records.outputs import OutputFile, begins_with
from keras_saliency.records.whole_file import replace_file
from keras_saliency.reports import as_html, as_json, as_junit
from keras_saliency.reports.as_github import summary, workflow_commands
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.terminal import visible

PASSED, FAILED, NO_VERDICT = 0, 1, 2

Page = Callable[[Report], str]
"""What makes the HTML page of a report."""


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Where reports are written to."""
    for kind, name in {"json": "JSON", "junit": "JUnit XML", "html": "a page with pictures"}.items():
        parser.add_argument(f"--{kind}", metavar="PATH", help=f"write the report as {name}")


@dataclass(frozen=True)
class ReportFiles:
    """The files of one run of a command.

    Attributes:
        command: the name of the command.
        outputs: what is to be written, by kind.
    """

    command: str
    outputs: Mapping[str, OutputFile]

    @classmethod
    def of(cls, command: str, given: Any, page_start: str = as_html.START) -> ReportFiles:
        """The files that options or settings name with `json`, `junit` and `html`.

        Args:
            command: its name.
            given: the options or settings.
            page_start: how its pages begin.

        Raises:
            ValueError: one is no path on this machine.
        """
        kinds = {
            "json": ("The JSON report", as_json.START),
            "junit": ("The JUnit report", as_junit.START),
            "html": ("The HTML page", page_start),
        }
        return cls(
            command,
            {
                kind: OutputFile(local_path(kind, path), what, begins_with(start))
                for kind, (what, start) in kinds.items()
                if (path := getattr(given, kind)) is not None
            },
        )

    @contextmanager
    def telling_of_earlier(self) -> Iterator[None]:
        """Where a run is refused, say which reports are there: they are those of an earlier one."""
        try:
            yield
        except Exception:
            for output in self.outputs.values():
                with suppress(OSError):
                    if output.is_earlier:
                        said = (
                            f"keras-saliency {self.command}: {output.path} is of an earlier run: nothing was checked "
                            "now."
                        )
                        sys.stderr.write(f"{visible(said)}\n")
            raise

    def begin(self, report: Report, page: Page = as_html.encode) -> None:
        """Write what a report says until there is a verdict, but into no pipe, which would keep it."""
        self._write(report, page, {kind: one for kind, one in self.outputs.items() if not one.is_stream})

    def end(self, report: Report, page: Page = as_html.encode) -> None:
        """Write the report."""
        self._write(report, page, self.outputs)

    def _write(self, report: Report, page: Page, outputs: Mapping[str, OutputFile]) -> None:
        texts = {"json": as_json.encode, "junit": as_junit.encode, "html": page}
        for kind, output in outputs.items():
            replace_file(output.path, texts[kind](report).encode("utf-8", "replace"))


def no_verdict() -> CheckResult:
    """What reports say from the start of a run to its end, and after it if it dies."""
    sentence = "The run did not come to its end: there is no verdict. Its output says why."
    return CheckResult("run", "errored", sentence)


def tell(report: Report) -> None:
    """Print the report, and tell a CI of it."""
    width = shutil.get_terminal_size((110, 24)).columns
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    say(report.table(width, colour=colour) + "\n")
    tell_github(report)


def tell_github(report: Report) -> None:
    """Annotations and a summary, where the run is one of GitHub's."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        say(workflow_commands(report))
        if step := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(step).open("a", encoding="utf-8") as file:
                file.write(summary(report))


def exit_code(report: Report) -> int:
    """0 passed, 1 a check failed, 2 no verdict: a check errored, or nothing was judged.

    A check that failed is 1 even if another one errored: running it again will not help.
    """
    if any(result.status != "errored" for result in report.failures):
        return FAILED
    return PASSED if report.passed else NO_VERDICT
