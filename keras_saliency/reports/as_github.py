"""A report for GitHub Actions: annotations, and the summary of a step."""

from __future__ import annotations

from html import escape

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
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(report: Verdicts) -> str:
    """The report as Markdown: one block of HTML, in which Markdown finds nothing of its own."""
    rows = [
        f"<tr><td>{_MARKS[verdict]} {verdict}</td><td>{_shown(result.name)}</td><td>{_shown(result.sentence)}</td></tr>"
        for result in report.results
        for verdict in [report.verdict(result)]
    ]
    return "\n".join(
        [
            "",
            f"<h3>{_shown(report.model)}: {words.headline(report)}</h3>",
            "<table>",
            "<tr><th>verdict</th><th>check</th><th>found</th></tr>",
            *rows,
            "</table>",
            f"<p>{report.probes} probes, maps by {_shown(report.method)}, {report.evaluations} model evaluations, "
            f"{report.seconds:.1f} s.</p>",
            "",
            "",
        ]
    )


def _shown(text: str) -> str:
    """Text as code: GitHub makes no links of addresses, @mentions, #numbers and hashes there."""
    return f"<code>{escape(visible(text))}</code>"
