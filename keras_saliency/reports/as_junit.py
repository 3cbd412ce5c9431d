"""A report as JUnit XML, which every CI shows: a test case per check."""

from __future__ import annotations

from xml.etree import ElementTree

from keras_saliency.reports import words
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import Verdicts
from keras_saliency.terminal import visible

START = '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="keras_saliency" '
"""How the file begins."""


def encode(report: Verdicts) -> str:
    """The report as XML text.

    Failed is a failure and errored an error; skipped and waived are skipped. A warning passes, with its sentence
    in the output, unless the report fails on warnings.
    """
    cases = [_case(report, result) for result in report.results]
    counted = {
        "tests": str(len(cases)),
        "failures": _count(cases, "failure"),
        "errors": _count(cases, "error"),
        "skipped": _count(cases, "skipped"),
        "time": f"{report.seconds:.3f}",
    }
    suites = ElementTree.Element("testsuites", counted)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": visible(report.model), **counted})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _about(report).items():
        ElementTree.SubElement(properties, "property", name=visible(name), value=visible(value))
    suite.extend(cases)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, "unicode").replace("<testsuites ", START, 1) + "\n"


def _about(report: Verdicts) -> dict[str, str]:
    return {
        "method": report.method,
        "probes": str(report.probes),
        "fingerprint": report.fingerprint,
        "seed": str(report.seed),
        **report.versions,
    }


def _case(report: Verdicts, result: CheckResult) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        classname=f"keras_saliency.{visible(report.model)}",
        name=visible(result.name),
        time=f"{result.seconds:.3f}",
    )
    sentence = visible(result.sentence)
    verdict = report.verdict(result)
    if report.stands_against(result):
        kind = "error" if verdict == "errored" else "failure"
        found = ElementTree.SubElement(case, kind, message=sentence, type=verdict)
        found.text = "\n".join(filter(None, [sentence, words.against_limit(result)]))
    elif verdict in ("skipped", "waived"):
        ElementTree.SubElement(case, "skipped", message=sentence)
    elif verdict == "warned":
        ElementTree.SubElement(case, "system-out").text = f"warned: {sentence}"
    return case


def _count(cases: list[ElementTree.Element], kind: str) -> str:
    return str(sum(case.find(kind) is not None for case in cases))
