"""Where maps fail: another method whose maps pass what these fail."""

from __future__ import annotations

from collections.abc import Sequence

from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.methods import make_method
from keras_saliency.reports import words
from keras_saliency.reports.result import CheckResult

TRIED = ("grad_cam", "smoothgrad", "integrated_gradients")
"""The methods that are tried, in this order, the cheapest first."""


def advised(subject: Subject, chosen: Sequence[Chosen], results: Sequence[CheckResult]) -> str:
    """Which method's maps pass the checks that those of this method fail; empty where no check of maps failed.

    The methods of `TRIED` are asked one after the other, until one passes; each is given up at the first check that it
    does not pass, the cheapest check first. Costs at most, for each method, what the failed checks cost with it.
    """
    failed = [
        (one, result)
        for one, result in zip(chosen, results, strict=True)
        if result.about == "maps" and result.status == "failed"
    ]
    if not failed:
        return ""
    failed.sort(key=lambda pair: pair[1].evaluations)
    others = [name for name in TRIED if name != subject.method.registered]
    for name in others:
        other = Subject(subject.question, subject.probes, make_method(name), seed=subject.seed)
        if passed := _passed(other, [one for one, _ in failed]):
            numbers = ", ".join(map(_compared, (result for _, result in failed), passed))
            return f"Maps by {other.method.name} pass what these fail: {numbers}."
    return f"No other method that was tried ({', '.join(others)}) passes all that these fail."


def _passed(subject: Subject, chosen: Sequence[Chosen]) -> list[CheckResult]:
    """The results, if the maps of this subject pass all these checks; else none."""
    results: list[CheckResult] = []
    for one in chosen:
        try:
            result = one.check.run(subject)
        except Exception:  # a method or check that does not work here is none to advise
            return []
        if result.status != "passed":
            return []
        results.append(result)
    return results


def _compared(result: CheckResult, better: CheckResult) -> str:
    """The check, and both values, where there are any."""
    if result.value is None or better.value is None:
        return result.name
    these = words.against_limit(result).replace(" (", ", ").rstrip(")")
    return f"{result.name} {words.number(better.value)} (these {these})"
