"""A strategy as a card: where its maps are hot, its numbers, some of its examples, and what the experiment found."""

from __future__ import annotations

from base64 import b64encode

from keras_saliency.render import as_base64, normalize, sequential
from keras_saliency.reports.as_html import badge, body_of
from keras_saliency.surveys.page import words
from keras_saliency.surveys.page.findings import Findings, FoundClass
from keras_saliency.surveys.page.pictures import format_of
from keras_saliency.surveys.strategy import Strategy
from keras_saliency.terminal import html_text

_WINDOW = 0.15


def card(findings: Findings, strategy: Strategy) -> str:
    """The card of one strategy."""
    result = findings.result(strategy)
    verdict = findings.verdict(result)
    said = badge(findings.survey.report.verdict(result), verdict) if result else _unjudged(strategy)
    parts = [
        f"<h3>Strategy {strategy.number} {said}</h3>",
        f'<div class="looks">{_mean(strategy)}<div>{_numbers(strategy)}'
        f"{_figures(findings, strategy.typical)}</div></div>",
        _more(findings, strategy),
        f'<div class="experiment">{body_of(result)}</div>' if result else "",
    ]
    return f'<section id="strategy_{strategy.number}" class="{verdict or ""}">{"".join(parts)}</section>'


def whole_card(findings: Findings, found: FoundClass) -> str:
    """The card of a class as a whole; empty where it was not judged."""
    result = found.result
    if result is None:
        return ""
    verdict = findings.verdict(result)
    said = badge(findings.survey.report.verdict(result), verdict)
    return f'<section class="{verdict}"><h3>The class as a whole {said}</h3>{body_of(result)}</section>'


def _unjudged(strategy: Strategy) -> str:
    return badge("warned") if strategy.is_suspect else '<span class="badge skipped">not suspicious</span>'


def _mean(strategy: Strategy) -> str:
    heat = sequential(normalize(strategy.mean_map[None]))[0]
    half = _WINDOW / 2
    top, left = (f"{100 * min(max(half, position), 1 - half):.1f}%" for position in strategy.peak)
    return (
        f'<figure class="mean"><div><img src="data:image/png;base64,{as_base64(heat)}" width="{heat.shape[1]}" '
        f'height="{heat.shape[0]}" alt="Mean map"><i style="top:{top};left:{left}"></i></div>'
        f"<figcaption>Mean of the maps; hottest at the {words.place(strategy)}</figcaption></figure>"
    )


def _numbers(strategy: Strategy) -> str:
    numbers = {
        "examples": f"{strategy.size:,}",
        "share of the class": words.share(strategy.share),
        "accuracy": words.share(strategy.accuracy),
        "hottest window": f"{strategy.concentration:.1f} × chance",
    }
    return f'<dl class="numbers">{"".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in numbers.items())}</dl>'


def _figures(findings: Findings, ids: tuple[str, ...]) -> str:
    drawn = "".join(_figure(findings, one) for one in ids if one in findings.examples)
    kind = "examples" if findings.keeps_images else "examples maps"
    return f'<div class="{kind}">{drawn}</div>' if drawn else ""


def _figure(findings: Findings, example_id: str) -> str:
    example = findings.examples[example_id]
    said = findings.class_name(example.prediction) if example.prediction >= 0 else ""
    sure = "" if example.probability is None else f" {example.probability:.2f}"
    is_wrong = example.label is not None and example.label != example.prediction
    label = f"{findings.class_name(example.label)}, " if is_wrong and example.label is not None else ""
    told = html_text(f"{label}predicted {said}{sure}") if said else ""
    mime, pixels = format_of(example.picture).mime, b64encode(example.picture).decode()
    return (
        f'<figure><img src="data:{mime};base64,{pixels}" alt="{html_text(example_id)}" '
        f'loading="lazy"><figcaption title="{html_text(example_id)}"><code>{html_text(example_id)}</code>'
        f"<span{' class=wrong' if is_wrong else ''}>{told}</span></figcaption></figure>"
    )


def _more(findings: Findings, strategy: Strategy) -> str:
    """The extreme examples, and the ids of all, one click away."""
    drawn = _figures(findings, strategy.extreme)
    parts = [
        f"<h4>Extreme examples: the farthest from the centre of the strategy</h4>{drawn}" if drawn else ""
    ]
    for kind, ids in {"Typical": strategy.typical, "Extreme": strategy.extreme}.items():
        items = "".join(f"<li><code>{html_text(one)}</code></li>" for one in ids)
        parts.append(f'<h4>{kind}, by id</h4><ul class="ids">{items}</ul>' if ids else "")
    counts = f"{len(strategy.typical)} typical and {len(strategy.extreme)} extreme examples"
    return f"<details><summary>{counts}</summary>{''.join(parts)}</details>"
