"""What a person reads beside the sentences of the checks themselves."""

from __future__ import annotations

import math

from keras_saliency.reports.result import About, CheckResult
from keras_saliency.reports.verdicts import Verdicts

QUESTIONS = {
    "finite": "Are maps and scores numbers?",
    "nonzero": "Do the maps say anything?",
    "input_dependence": "Does a map belong to its image?",
    "target_dependence": "Does a map belong to the class that it is made for?",
    "repeatability": "Is the same look twice the same?",
    "finite_difference": "Does the gradient say how the score really changes?",
    "untrained": "Has the model learned anything that the probes show?",
    "accuracy": "Is the model right on the probes?",
    "region": "Does the model use what is in this region?",
    "unexpected_region": "Does the model rest on a place that nobody marked?",
    "unexpected_content": "Does the model rest on a mark that moves about, or on a cast of colours?",
    "parameter_randomization": "Do the maps depend on what the model has learned?",
    "random_logit": "Do the maps tell one class from another?",
    "completeness": "Do the maps sum to the change of the score that they distribute?",
    "faithfulness": "Do the pixels that a map calls strong matter to the score?",
    "stability": "Does a map stay when its image hardly changes?",
    "golden": "Are the maps those that were approved?",
    "survey": "Does the model rest on what a group of examples has in common?",
}

CAPTIONS = {
    "taken_out": "Images of the class, before (above) and after (below) the content of the region was taken out.",
    "put_in": "Other images, before (above) and after (below) the content was put in.",
    "worst_probe": "The probe with the worst value, and its map: red raises the score, blue lowers it.",
}


def question(name: str) -> str:
    """The question that a check asks; a variant (`region_corner`) asks that of its kind. Empty if unknown."""
    words = name.split("_")
    kinds = ("_".join(words[:count]) for count in range(len(words), 0, -1))
    return next((QUESTIONS[kind] for kind in kinds if kind in QUESTIONS), "")


def caption(name: str) -> str:
    """What a picture shows."""
    return CAPTIONS.get(name, name.replace("_", " "))


def groups(report: Verdicts) -> list[tuple[str, tuple[CheckResult, ...]]]:
    """The results about the model and those about the maps, each with a heading; without results none."""
    headings: dict[About, str] = {"model": "The model", "maps": f"Its maps by {report.method}"}
    found = [(heading, report.about(about)) for about, heading in headings.items()]
    return [(heading, results) for heading, results in found if results]


def on_maps(report: Verdicts) -> str:
    """What the failures of maps come to that do not fail the run, and what to do; empty where there are none."""
    if not any(r.status == "failed" and report.weight(r) == "warned" for r in report.about("maps")):
        return report.advice
    said = "What fails here says how far these maps can be read, and nothing against the model."
    return f"{said} {report.advice}".rstrip()


def headline(report: Verdicts) -> str:
    """The verdict of the whole run, in a few words."""
    if all(result.status == "skipped" for result in report.results):
        return "Not passed: nothing could be judged"
    return f"{'Passed' if report.passed else 'Not passed'}: {report.count_words()}"


def against_limit(result: CheckResult) -> str:
    """The value and its limit; empty without a value."""
    if result.value is None:
        return ""
    value = number(result.value)
    if result.limit is None or result.direction is None:
        return value
    return f"{value} (must be {result.direction.replace('_', ' ')} {number(result.limit)})"


def number(value: float) -> str:
    """A number with three digits that count, never as a power of ten where people can read it without."""
    if math.isnan(value):
        return "not a number"
    return (
        f"{value:.3f}".rstrip("0").rstrip(".") if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.3g}"
    )
