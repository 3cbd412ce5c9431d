"""A report for GitHub Actions: annotations, and the summary of a step."""

from __future__ import annotations

from keras_saliency.reports import words
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import Verdicts
from keras_saliency.terminal import html_text, visible

_MARKS = {"passed": "✅", "warned": "⚠️", "failed": "❌", "errored": "❌", "skipped": "➖", "waived": "🟣"}


def workflow_commands(report: Verdicts) -> str:
    """Workflow commands, a line each, for the results that a person should see; to be printed to stdout."""
    lines = [_annotation(report, result) for _, results in words.groups(report) for result in results]
    if said := words.on_maps(report):
        lines.append(f"::notice title={_property(f'{report.model}: maps by {report.method}')}::{_data(said)}")
    return "".join(f"{line}\n" for line in lines if line)


def _annotation(report: Verdicts, result: CheckResult) -> str:
    verdict = report.verdict(result)
    level = (
        "error"
        if report.stands_against(result)
        else {"failed": "warning", "warned": "warning", "waived": "notice"}.get(verdict)
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
    groups = words.groups(report)
    parts: list[str] = []
    for heading, results in groups:
        parts += [f"<h4>{_shown(heading)}</h4>"] if len(groups) > 1 else []
        parts += ["<table>", "<tr><th>verdict</th><th>check</th><th>found</th></tr>"]
        parts += [_row(report, result) for result in results]
        parts.append("</table>")
    if said := words.on_maps(report):
        parts.append(f"<p>{_shown(said)}</p>")
    return "\n".join(
        [
            "",
            f"<h3>{_shown(report.model)}: {words.headline(report)}</h3>",
            *parts,
            f"<p>{report.probes} probes, maps by {_shown(report.method)}, {report.evaluations} model evaluations, "
            f"{report.seconds:.1f} s.</p>",
            "",
            "",
        ]
    )


def _row(report: Verdicts, result: CheckResult) -> str:
    cells = (
        f"{_MARKS[report.weight(result)]} {report.verdict(result)}",
        _shown(result.name),
        _shown(result.sentence),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _shown(text: str) -> str:
    """Text as code: GitHub makes no links of addresses, @mentions, #numbers and hashes there."""
    return f"<code>{html_text(text)}</code>"
