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

    The checks about the model are one suite, those about its maps another. Failed is a failure and errored an error;
    skipped and waived are skipped, and so is a failure that does not fail the report: most viewers show the message of
    what is skipped, and no output of what passed. A warning passes, with its sentence in the output, unless the report
    fails on warnings.
    """
    suites = ElementTree.Element("testsuites")
    for about, name in (("model", report.model), ("maps", f"{report.model}: maps by {report.method}")):
        if results := report.about(about):  # type: ignore[arg-type]
            suites.append(_suite(report, visible(name), results))
    everything = list(suites.iterfind(".//testcase"))
    suites.attrib |= _counted(everything, report.seconds)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, "unicode").replace("<testsuites ", START, 1) + "\n"


def _suite(report: Verdicts, name: str, results: tuple[CheckResult, ...]) -> ElementTree.Element:
    cases = [_case(report, result) for result in results]
    whole = len(results) == len(report.results)
    seconds = report.seconds if whole else sum(result.seconds for result in results)
    suite = ElementTree.Element("testsuite", {"name": name, **_counted(cases, seconds)})
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in _about(report).items():
        ElementTree.SubElement(properties, "property", name=visible(key), value=visible(value))
    suite.extend(cases)
    if results[0].about == "maps" and (said := words.on_maps(report)):
        ElementTree.SubElement(suite, "system-out").text = visible(said)
    return suite


def _counted(cases: list[ElementTree.Element], seconds: float) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": _count(cases, "failure"),
        "errors": _count(cases, "error"),
        "skipped": _count(cases, "skipped"),
        "time": f"{seconds:.3f}",
    }


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
        classname=f"keras_saliency.{visible(report.model)}{'.maps' if result.about == 'maps' else ''}",
        name=visible(result.name),
        time=f"{result.seconds:.3f}",
    )
    sentence = visible(result.sentence)
    verdict = report.verdict(result)
    if report.stands_against(result):
        kind = "error" if verdict == "errored" else "failure"
        found = ElementTree.SubElement(case, kind, message=sentence, type=verdict)
        found.text = "\n".join(filter(None, [sentence, words.against_limit(result)]))
    elif verdict == "failed":
        ElementTree.SubElement(case, "skipped", message=f"The maps fail this, not the model: {sentence}")
    elif verdict in ("skipped", "waived"):
        ElementTree.SubElement(case, "skipped", message=sentence)
    elif verdict == "warned":
        ElementTree.SubElement(case, "system-out").text = f"warned: {sentence}"
    return case


def _count(cases: list[ElementTree.Element], kind: str) -> str:
    return str(sum(case.find(kind) is not None for case in cases))
