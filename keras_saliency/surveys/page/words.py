"""What the page and the terminal say of a survey."""

from __future__ import annotations

import math
from collections.abc import Iterator

from keras_saliency.reports import words
from keras_saliency.surveys.page.findings import Findings
from keras_saliency.surveys.strategy import Strategy

_EDGES = (0.35, 0.65)
_NAMED = 3


def headline(findings: Findings) -> str:
    """The verdict of the whole, in a few words."""
    if proven := len(findings.proven):
        return f"Not passed: {counted(proven, 'shortcut')} proven"
    if not findings.survey.report.passed:
        return words.headline(findings.survey.report)
    return f"Passed: {'no shortcut was proven' if findings.judged else 'nothing looked like a shortcut'}"


def surveyed(findings: Findings) -> str:
    """What was looked at and what came of it, one sentence."""
    survey, judged = findings.survey, len(findings.judged)
    suspects = sum(strategy.is_suspect for strategy in survey.strategies) or "none"
    tried = f"{judged} of them tried by experiment" if judged else f"{suspects} of them suspicious"
    counts = (
        counted(survey.examples, "example"),
        counted(len(findings.classes), "class", "classes"),
        counted(len(survey.strategies), "strategy", "strategies"),
    )
    return f"{counts[0]} of {counts[1]}, with maps by {survey.report.method}: {counts[2]}, {tried}."


def unreadable(findings: Findings) -> str:
    """How many examples could not be read; empty where all could."""
    count = findings.survey.unreadable_count
    if not count:
        return ""
    are = "could not be read and is" if count == 1 else "could not be read and are"
    return f"{counted(count, 'more example')} {are} not counted."


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number of things: `1 class`, `2,000 examples`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def share(part: float | None) -> str:
    """A share in percent, with a digit behind the point where it is small; `–` where there is none."""
    if part is None or math.isnan(part):
        return "–"
    return f"{part:.1%}" if 0 < part < 0.1 else f"{part:.0%}"


def place(strategy: Strategy) -> str:
    """Where a strategy's maps are hottest: `top left`, `middle`, …"""
    down, right = strategy.peak
    rows, columns = _third(down, "top", "bottom"), _third(right, "left", "right")
    return " ".join(filter(None, (rows, columns))) or "middle"


def _third(position: float, first: str, last: str) -> str:
    low, high = _EDGES
    return first if position < low else last if position > high else ""


def lines(findings: Findings) -> Iterator[str]:
    """What somebody in front of a terminal has to know, a line each."""
    survey = findings.survey
    yield f"{survey.report.model}: {surveyed(findings)}"
    if lost := unreadable(findings):
        more = ", …" if survey.unreadable_count > _NAMED else ""
        yield f"{lost} {', '.join(survey.unreadable[:_NAMED])}{more}"
    for strategy in findings.judged:
        result, verdict = findings.result(strategy), findings.verdict(strategy)
        if result is not None and verdict not in ("passed", "skipped"):
            yield ""
            name = findings.class_name(strategy.class_index)
            yield f"{verdict}: strategy {strategy.number}, {found_in(strategy)} of class {name}"
            yield f"  {result.sentence}"
            yield f"  such as {', '.join(strategy.typical[:_NAMED])}"
    yield ""
    yield f"{headline(findings)}."


def found_in(strategy: Strategy) -> str:
    """How many examples a strategy has, and where it looks."""
    return f"{counted(strategy.size, 'example')} ({share(strategy.share)}, hottest at the {place(strategy)})"
