"""What the page and the terminal say of a survey."""

from __future__ import annotations

import math
from collections.abc import Iterator

from keras_saliency.reports import words
from keras_saliency.surveys.page.findings import Findings
from keras_saliency.surveys.strategy import Strategy

_EDGES = (0.35, 0.65)
_NAMED = 3

TO_LOOK_AFTER = ("failed", "errored", "warned")
"""The verdicts that a person has to read."""


def headline(findings: Findings) -> str:
    """The verdict of the whole, in a few words."""
    if findings.proven:
        count = sum(one.verdict == "failed" for one in findings.classes)
        return (
            f"Not passed: shortcuts proven in {count} of {counted(len(findings.classes), 'class', 'classes')}"
        )
    if not findings.survey.report.passed:
        return words.headline(findings.survey.report)
    return f"Passed: {'no shortcut was proven' if findings.judged else 'nothing looked like a shortcut'}"


def surveyed(findings: Findings) -> str:
    """What was looked at and what came of it, one sentence."""
    survey = findings.survey
    suspects = sum(strategy.is_suspect for strategy in survey.strategies) or "none"
    tried = " Each class and each suspect was tried by experiment." if findings.judged else ""
    counts = (
        counted(survey.examples, "example"),
        counted(len(findings.classes), "class", "classes"),
        counted(len(survey.strategies), "strategy", "strategies"),
    )
    return (
        f"{counts[0]} of {counts[1]}, with maps by {survey.report.method}: {counts[2]}, {suspects} of "
        f"them suspicious.{tried}"
    )


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
    for one in findings.classes:
        name = f"class {findings.class_name(one.index)}"
        if (verdict := findings.verdict(one.result)) in TO_LOOK_AFTER and one.result is not None:
            yield from ("", f"{verdict}: {name}, as a whole", f"  {one.result.sentence}")
        for strategy in one.strategies:
            result = findings.result(strategy)
            if (verdict := findings.verdict(result)) in TO_LOOK_AFTER and result is not None:
                yield from ("", f"{verdict}: {name}, {found_in(strategy)}", f"  {result.sentence}")
                yield f"  such as {', '.join(strategy.typical[:_NAMED])}"
    yield ""
    yield f"{headline(findings)}."


def found_in(strategy: Strategy) -> str:
    """How many examples a strategy has, and where it looks."""
    size = counted(strategy.size, "example")
    return f"strategy {strategy.number}: {size} ({share(strategy.share)}), hottest at the {place(strategy)}"
