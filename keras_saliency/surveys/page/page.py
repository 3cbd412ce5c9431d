"""The page of a survey: the verdict, the classes at a glance, then each strategy as a card."""

from __future__ import annotations

from keras_saliency.reports.as_html import badge
from keras_saliency.reports.html_page import page, start_of
from keras_saliency.surveys.page import words
from keras_saliency.surveys.page.cards import anchor, card
from keras_saliency.surveys.page.findings import Findings, FoundClass
from keras_saliency.surveys.page.style import CSS
from keras_saliency.terminal import html_text

START = start_of("survey")
"""How the page begins."""

_OPEN = ("failed", "errored", "warned")
_MOST = 100
"""Classes with cards, and as many more as have something to look after."""


def encode(findings: Findings) -> str:
    """The survey as the text of a page."""
    classes = findings.classes
    with_cards = [one for place, one in enumerate(classes) if place < _MOST or one.verdict in _OPEN]
    body = [
        _header(findings),
        _overview(findings, classes, len(with_cards)),
        *(_class(findings, one) for one in with_cards),
        _rest(len(classes) - len(with_cards)),
        _footer(findings),
    ]
    return page("survey", f"{findings.survey.report.model}: {words.headline(findings)}", "\n".join(body), CSS)


def _header(findings: Findings) -> str:
    state, mark = ("passed", "✓") if findings.survey.report.passed else ("failed", "✕")
    first, *others = (
        (findings.result(strategy) for strategy in findings.proven) if findings.proven else (None,)
    )
    lead = "" if first is None else f'<p class="lead">{html_text(first.sentence)}</p>'
    more = f"<p>{words.counted(len(others), 'more shortcut')} below.</p>" if others else ""
    verdict, _, rest = words.headline(findings).partition(": ")
    return (
        f'<header class="{state}"><p class="model">{html_text(findings.survey.report.model)}: a survey</p>'
        f'<h1><span class="mark" aria-hidden="true">{mark}</span>{html_text(verdict)}</h1>'
        f'<p class="counts">{html_text(rest)}</p>{lead}{more}'
        f"<p>{html_text(f'{words.surveyed(findings)} {words.unreadable(findings)}')}</p>"
        f"{_unreadable(findings)}</header>"
    )


def _unreadable(findings: Findings) -> str:
    named = findings.survey.unreadable
    if not named:
        return ""
    ids = "".join(f"<li><code>{html_text(one)}</code></li>" for one in named)
    rest = findings.survey.unreadable_count - len(named)
    more = f"<p>… and {rest:,} more</p>" if rest > 0 else ""
    return f'<details><summary>Not read</summary><ul class="ids">{ids}</ul>{more}</details>'


def _overview(findings: Findings, classes: tuple[FoundClass, ...], with_cards: int) -> str:
    rows = "".join(_row(findings, one, is_linked=place < with_cards) for place, one in enumerate(classes))
    return (
        '<table class="overview"><thead><tr><th>class</th><th class="count">examples</th>'
        '<th class="count wide">accuracy</th><th>verdict</th><th>strategies, by size</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(findings: Findings, one: FoundClass, *, is_linked: bool) -> str:
    bars = "".join(
        f'<i class="{findings.verdict(strategy) or ""}" style="flex:{strategy.size}" '
        f'title="strategy {strategy.number}: {strategy.size:,}"></i>'
        for strategy in one.strategies
    )
    name = html_text(findings.class_name(one.index))
    linked = f'<a href="#{anchor(one.strategies[0])}">{name}</a>' if is_linked else name
    said = badge(one.verdict) if one.verdict else ""
    return (
        f'<tr><td class="name" title="{name}"><span>{linked}</span></td><td class="count">{one.size:,}</td>'
        f'<td class="count wide">{words.share(one.accuracy)}</td><td>{said}</td>'
        f'<td><div class="shares">{bars}</div></td></tr>'
    )


def _class(findings: Findings, one: FoundClass) -> str:
    """The cards of one class, folded where there is nothing to look after."""
    is_open = " open" if one.verdict in _OPEN else ""
    name = html_text(findings.class_name(one.index))
    accuracy = "" if one.accuracy is None else f", accuracy {words.share(one.accuracy)}"
    counts = f"{words.counted(one.size, 'example')}{accuracy}, "
    counts += words.counted(len(one.strategies), "strategy", "strategies")
    cards = "".join(card(findings, strategy) for strategy in one.strategies)
    return f'<details class="class"{is_open}><summary><b>{name}</b>{counts}</summary><div>{cards}</div></details>'


def _rest(count: int) -> str:
    """What is said of classes without cards."""
    if not count:
        return ""
    return (
        f"<p>{words.counted(count, 'more class', 'more classes')} with nothing to look after: see the table above, and "
        "<code>survey.json</code>.</p>"
    )


def _footer(findings: Findings) -> str:
    report = findings.survey.report
    software = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    kept = "" if findings.keeps_images else "No images were kept: <code>store_images=False</code>. "
    return (
        "<footer><p>A strategy is a group of examples of one class in whose images the model looks at the same. The "
        "hottest window is the square on its mean map; chance is its share of the area. Small, pure and concentrated "
        "strategies are suspects. An experiment on them, and on each class that has one strategy alone, takes what its "
        "images share out of them and puts it into others, and counts how the predictions move. A hot place alone "
        "proves nothing, and a strategy that is no suspect was not judged.</p>"
        f"<p>{kept}Beside this page lie <code>table.parquet</code>, a row for each example, and the maps, "
        f"<code>maps.zarr</code>.</p><p>{report.evaluations:,} images went through the model in "
        f"{report.seconds:.1f} s · seed {report.seed} · {html_text(software)}<br>"
        f"data set <code>{html_text(report.fingerprint)}</code></p></footer>"
    )
