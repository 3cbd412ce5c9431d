from datetime import date

import pytest

from keras_saliency.checks.gate.waivers import Waiver, check_waivers, with_waivers
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult

TODAY = date(2026, 11, 25)
TOMORROW, YESTERDAY = date(2026, 11, 26), date(2026, 11, 24)


def report(status, fail_on="failed"):
    result = CheckResult("region_corner", status, "It uses the corner.")
    other = CheckResult("finite", "passed", "All is finite.")
    return Report((result, other), "cats", "gradient", "ab", 4, {}, fail_on=fail_on)


def waived(status, expires, fail_on="failed"):
    waiver = Waiver("region_corner", "New data comes in March.", expires)
    return with_waivers(report(status, fail_on), [waiver], TODAY)


@pytest.mark.parametrize("expires", [TODAY, TOMORROW])
def test_a_waived_failure_is_shown_as_waived_and_does_not_fail(expires):
    found = waived("failed", expires)
    assert found.passed
    assert found.results[0].status == "failed"
    assert found.verdict(found.results[0]) == "waived"
    assert found.results[0].sentence == (
        f"Waived until {expires}: New data comes in March. It uses the corner."
    )
    assert "region_corner  waived" in str(found)
    assert "Passed: 1 waived, 1 passed." in str(found)


def test_an_expired_waiver_fails_and_says_so():
    found = waived("failed", YESTERDAY)
    assert not found.passed
    assert found.results[0].sentence == (
        "It uses the corner. Its waiver expired on 2026-11-24: New data comes in March."
    )


def test_a_warning_is_waived_where_warnings_fail():
    assert not report("warned", "warned").passed
    assert waived("warned", TOMORROW, "warned").passed


def test_an_error_cannot_be_waived():
    found = waived("errored", TOMORROW)
    assert not found.passed
    assert found.results[0].sentence == "It uses the corner."


def test_a_waiver_that_nothing_needs_says_so():
    found = waived("passed", TOMORROW)
    assert found.results[0].sentence == "It uses the corner. Its waiver is no longer needed: remove it."
    assert found.waived == frozenset()


def test_a_waiver_for_an_unknown_check():
    with pytest.raises(ValueError, match="a check that does not exist.*Did you mean 'region_corner'"):
        check_waivers([Waiver("region_cornre", "why", TODAY)], ["region_corner", "finite"])
    check_waivers([Waiver("finite", "why", TODAY)], ["region_corner", "finite"])
