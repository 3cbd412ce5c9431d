"""JUnit XML, read back by an independent reader."""

from dataclasses import replace

import junitparser


def cases(report, tmp_path):
    report.to_junit(tmp_path / "report.xml")
    (suite,) = junitparser.JUnitXml.fromfile(str(tmp_path / "report.xml"))
    return suite, {case.name: case for case in suite}


def kinds(case):
    return [type(found).__name__.lower() for found in case.result]


def test_a_test_case_per_check(report, tmp_path):
    suite, found = cases(report, tmp_path)
    assert list(found) == [result.name for result in report.results]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 1, 1, 1)
    assert suite.name == report.model
    assert suite.time == 2.25
    assert {p.name: p.value for p in suite.properties()} == {
        "method": "gradient",
        "probes": "16",
        "fingerprint": "ab" * 32,
        "seed": "7",
        "keras_saliency": "0.1.0",
        "numpy": "2",
    }
    assert {name: kinds(case) for name, case in found.items()} == {
        "finite": [],
        "repeatability": [],
        "accuracy": [],
        "region_corner": ["failure"],
        "golden": ["skipped"],
        "mine": ["error"],
    }
    assert found["finite"].time == 0.25
    assert (
        found["region_corner"].result[0].message == "It uses <b>the corner</b> & more: 8 of 8, 100% | `all`"
    )
    assert found["golden"].result[0].message == "There is nothing to compare."
    assert found["mine"].result[0].message == "RuntimeError: \\x1b[31mred\\x00"


def test_a_warning_passes_with_its_sentence_unless_it_fails_the_report(report, tmp_path):
    _, found = cases(report, tmp_path)
    assert found["accuracy"].system_out == "warned: 14 of 16, 88% right."
    suite, found = cases(replace(report, fail_on="warned"), tmp_path)
    assert suite.failures == 2
    assert found["accuracy"].result[0].text == "14 of 16, 88% right.\n0.875 (must be at least 0.9)"


def test_what_is_waived_is_skipped_and_seen(report, tmp_path):
    suite, found = cases(replace(report, waived=frozenset({"region_corner"})), tmp_path)
    assert (suite.failures, suite.skipped) == (0, 2)
    assert kinds(found["region_corner"]) == ["skipped"]
