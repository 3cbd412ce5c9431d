"""A report as JUnit XML, which every CI shows: a test case per check."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from keras_saliency.reports import words
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import Verdicts

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    suites = ElementTree.Element("testsuites", {"name": "keras_saliency", **counted})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _text(report.model), **counted})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _about(report).items():
        ElementTree.SubElement(properties, "property", name=_text(name), value=_text(value))
    suite.extend(cases)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, "unicode") + "\n"


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
        classname=f"keras_saliency.{_text(report.model)}",
        name=_text(result.name),
        time=f"{result.seconds:.3f}",
    )
    sentence = _text(result.sentence)
    verdict = report.verdict(result)
    if report.stands_against(result):
        kind = "error" if verdict == "errored" else "failure"
        found = ElementTree.SubElement(case, kind, message=sentence, type=verdict)
        found.text = _text("\n".join(filter(None, [result.sentence, words.against_limit(result)])))
    elif verdict in ("skipped", "waived"):
        ElementTree.SubElement(case, "skipped", message=sentence)
    elif verdict == "warned":
        ElementTree.SubElement(case, "system-out").text = f"warned: {sentence}"
    return case


def _count(cases: list[ElementTree.Element], kind: str) -> str:
    return str(sum(case.find(kind) is not None for case in cases))


def _text(text: str) -> str:
    """What XML can hold: control characters go."""
    return _NOT_IN_XML.sub("�", text)
