"""A report for GitHub Actions: annotations, and the summary of a step."""

from __future__ import annotations

from keras_saliency.reports import words
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import Verdicts
from keras_saliency.terminal import visible

_MARKS = {"passed": "✅", "warned": "⚠️", "failed": "❌", "errored": "❌", "skipped": "➖", "waived": "🟣"}


def workflow_commands(report: Verdicts) -> str:
    """Workflow commands, a line each, for the results that a person should see; to be printed to stdout."""
    lines = [_annotation(report, result) for result in report.results]
    return "".join(f"{line}\n" for line in lines if line)


def _annotation(report: Verdicts, result: CheckResult) -> str:
    verdict = report.verdict(result)
    level = (
        "error" if report.stands_against(result) else {"warned": "warning", "waived": "notice"}.get(verdict)
    )
    if level is None:
        return ""
    title = _property(f"{report.model}: {result.name} {verdict}")
    return f"::{level} title={title}::{_data(result.sentence)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(report: Verdicts) -> str:
    """The report as Markdown."""
    rows = [
        f"| {_MARKS[verdict]} {verdict} | {_cell(result.name)} | {_cell(result.sentence)} |"
        for result in report.results
        for verdict in [report.verdict(result)]
    ]
    return "\n".join(
        [
            f"### {_cell(report.model)}: {words.headline(report)}",
            "",
            "| verdict | check | found |",
            "| --- | --- | --- |",
            *rows,
            "",
            f"{report.probes} probes, maps by {_cell(report.method)}, {report.evaluations} model evaluations, "
            f"{report.seconds:.1f} s.",
            "",
            "",
        ]
    )


def _cell(text: str) -> str:
    """Text without anything that Markdown or HTML would interpret."""
    one_line = visible(" ".join(text.split()))
    escaped = one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in r"\`*_[]|~#" else c for c in escaped)
