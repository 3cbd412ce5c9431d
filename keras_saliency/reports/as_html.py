"""A report as one HTML page for people: no script, no request to anywhere, light and dark, and it prints."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from keras_saliency.render import as_base64
from keras_saliency.reports import words
from keras_saliency.reports.as_json import plain
from keras_saliency.reports.html_page import page, start_of
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import VERDICTS, Verdict, Verdicts
from keras_saliency.terminal import html_text, visible_lines

_MARKS = {"passed": "✓", "warned": "!", "failed": "✕", "errored": "✕", "skipped": "–", "waived": "○"}
_MEANINGS = {
    "passed": "nothing to object to",
    "warned": "a person should look at it",
    "failed": "the model or its maps do what they must not",
    "skipped": "it does not apply",
    "errored": "it could not be made",
    "waived": "it fails, and the team has agreed to live with that until a date",
}
_SHOWN_PROBES = 200

START = start_of("report")
"""How the page begins."""


def encode(report: Verdicts) -> str:
    """The report as the text of a page."""
    groups = [
        (heading, sorted(results, key=lambda result: VERDICTS.index(report.verdict(result))))
        for heading, results in words.groups(report)
    ]
    body = [
        _header(report),
        _overview(report, groups),
        *(_cards(report, heading, results) for heading, results in groups),
        _footer(report),
    ]
    return page("report", f"{report.model}: {words.headline(report)}", "\n".join(body))


def _header(report: Verdicts) -> str:
    headline, _, rest = words.headline(report).partition(": ")
    state = "passed" if report.passed else "failed"
    return (
        f'<header class="{state}"><p class="model">{html_text(report.model)}</p>'
        f'<h1><span class="mark" aria-hidden="true">{_MARKS[state]}</span>{html_text(headline)}</h1>'
        f'<p class="counts">{html_text(rest)}</p>'
        f"<p>{report.probes} probe images, looked at with maps by <b>{html_text(report.method)}</b>. "
        f"{_rule(report)}</p></header>"
    )


def _rule(report: Verdicts) -> str:
    return {
        "failed": "A check of the model that fails, or any that could not be made, fails the run; a warning does not. "
        "One of the maps does where no verdict about the model can be trusted then, and where it was asked for.",
        "any": "A failed check, or one that could not be made, fails the run; a warning does not.",
        "warned": "A failed check, one that could not be made, or a warning fails the run.",
    }[report.fail_on]


def _overview(report: Verdicts, groups: list[tuple[str, list[CheckResult]]]) -> str:
    rows = ""
    for heading, results in groups:
        rows += f'<tr><th colspan="3">{html_text(heading)}</th></tr>' if len(groups) > 1 else ""
        rows += "".join(
            f"<tr><td>{badge(report.verdict(result), report.weight(result))}</td>"
            f'<td><a href="#{html_text(result.name)}">{html_text(result.name)}</a></td>'
            f"<td>{html_text(words.question(result.name))}</td></tr>"
            for result in results
        )
    return f'<table class="overview"><tbody>{rows}</tbody></table>'


def badge(verdict: Verdict, look: Verdict | None = None) -> str:
    """A verdict in one word, as heavy as it is."""
    mark = f'<span aria-hidden="true">{_MARKS[look or verdict]}</span>'
    return f'<span class="badge {look or verdict}" title="{_MEANINGS[verdict]}">{mark} {verdict}</span>'


def _cards(report: Verdicts, heading: str, results: list[CheckResult]) -> str:
    """The cards of one group under its heading."""
    title = f'<h2 class="group">{html_text(heading)}</h2>' if len(results) < len(report.results) else ""
    said = words.on_maps(report) if results[0].about == "maps" else ""
    note = f'<p class="on-maps">{html_text(said)}</p>' if said else ""
    return title + note + "".join(_card(report, result) for result in results)


def _card(report: Verdicts, result: CheckResult) -> str:
    look = report.weight(result)
    question = words.question(result.name)
    parts = [
        f"<h3>{html_text(result.name)} {badge(report.verdict(result), look)}</h3>",
        f'<p class="question">{html_text(question)}</p>' if question else "",
        body_of(result),
    ]
    return f'<section id="{html_text(result.name)}" class="{look}">{"".join(parts)}</section>'


def body_of(result: CheckResult) -> str:
    """What a check found: the sentence, the value against its limit, the pictures, and the details folded."""
    said = f'<p class="sentence">{html_text(result.sentence)}</p>'
    return said + _measure(result) + _pictures(result.pictures) + _details(result)


def _measure(result: CheckResult) -> str:
    """The value against its limit, in words and on a line; empty without a value."""
    said = words.against_limit(result)
    if not said:
        return ""
    return f'<div class="measure"><p>Measured: <b>{html_text(said)}</b></p>{_line(result)}</div>'


def _line(result: CheckResult) -> str:
    value, limit = result.value, result.limit
    if value is None or limit is None or not (math.isfinite(value) and math.isfinite(limit)):
        return ""
    low, high = _ends(value, limit)
    place, edge = (100 * (number - low) / (high - low) for number in (value, limit))
    start, end = (edge, 100.0) if result.direction == "at_least" else (0.0, edge)
    return (
        '<div class="line" aria-hidden="true">'
        f'<i class="good" style="left:{start:.2f}%;width:{end - start:.2f}%"></i>'
        f'<i class="limit" style="left:{edge:.2f}%"></i><i class="value" style="left:{place:.2f}%"></i>'
        f'<span class="low">{words.number(low)}</span><span class="high">{words.number(high)}</span></div>'
    )


def _ends(value: float, limit: float) -> tuple[float, float]:
    """Where the line begins and ends: 0 and 1 for shares, −1 and 1 for correlations, else around the two."""
    low, high = min(0.0, value, limit), max(0.0, value, limit)
    if low == high:
        return 0.0, 1.0
    if low >= 0 and 0.1 <= high <= 1:
        return 0.0, 1.0
    if -1 <= low < 0 and high <= 1 and high - low >= 0.1:
        return -1.0, 1.0
    room = 0.2 * (high - low) or 1.0
    return low - (room if low < 0 else 0), high + (room if high > 0 else 0)


def _pictures(pictures: Mapping[str, np.ndarray]) -> str:
    drawn = "".join(
        f'<figure><img src="data:image/png;base64,{as_base64(picture)}" '
        f'width="{picture.shape[1]}" height="{picture.shape[0]}" alt="{html_text(words.caption(name))}">'
        f"<figcaption>{html_text(words.caption(name))}</figcaption></figure>"
        for name, picture in pictures.items()
    )
    return f'<div class="pictures">{drawn}</div>' if drawn else ""


def _details(result: CheckResult) -> str:
    """What else was measured, folded."""
    inside = _per_probe(result.per_probe)
    if shown := {
        name: part for name, part in result.details.items() if name != "region"
    }:  # the pictures show it
        details = json.dumps(_rounded(plain(shown)), indent=2, ensure_ascii=False)
        inside += f"<pre>{escape(visible_lines(details))}</pre>"
    spent = f"{result.evaluations} model evaluations, {result.seconds:.1f} s" if result.evaluations else ""
    if not inside:
        return f'<p class="spent">{spent}</p>' if spent else ""
    return f"<details><summary>{' · '.join(filter(None, ['Details', spent]))}</summary>{inside}</details>"


def _rounded(details: Any) -> Any:
    """The details with four digits that count; the JSON report has them all."""
    if isinstance(details, dict):
        return {name: _rounded(part) for name, part in details.items()}
    if isinstance(details, list):
        return [_rounded(part) for part in details]
    return float(f"{details:.4g}") if isinstance(details, float) else details


def _per_probe(per_probe: Mapping[str, np.ndarray]) -> str:
    columns = {name: np.asarray(values, "float64") for name, values in per_probe.items()}
    count = max(map(len, columns.values()), default=0)
    if not count:
        return ""
    head = "".join(f"<th>{html_text(name)}</th>" for name in columns)
    rows = "".join(
        f"<tr><th>{probe}</th>{''.join(_cell(values, probe) for values in columns.values())}</tr>"
        for probe in range(min(count, _SHOWN_PROBES))
    )
    more = f"<p>… and {count - _SHOWN_PROBES} more probes</p>" if count > _SHOWN_PROBES else ""
    return f"<table><thead><tr><th>probe</th>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _cell(values: np.ndarray, probe: int) -> str:
    missing = probe >= len(values) or math.isnan(values[probe])
    return f"<td>{'–' if missing else words.number(float(values[probe]))}</td>"


def _footer(report: Verdicts) -> str:
    software = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    meanings = "".join(f"<dt>{badge(verdict)}</dt><dd>{_MEANINGS[verdict]}</dd>" for verdict in VERDICTS)
    return (
        f'<footer><dl class="meanings">{meanings}</dl>'
        "<p>A map shows where a score would change if a pixel did. A hot place is a hint, no proof: checks of regions "
        "take content out of images and put it into others, and count how the predictions move.</p>"
        f"<p>{report.evaluations} images went through the model in {report.seconds:.1f} s · seed {report.seed} · "
        f"{html_text(software)}<br>probe set <code>{html_text(report.fingerprint)}</code></p></footer>"
    )
