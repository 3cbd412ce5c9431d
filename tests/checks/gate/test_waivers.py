from datetime import date

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.checks.gate.waivers import Waiver, check_waivers, regions_of, with_waivers
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


def found_at(place):
    result = CheckResult("unexpected_region", "failed", "It rests on it.", details={"region": place})
    own = CheckResult("region_corner", "passed", "It does not use it.")
    return Report((result, own), "cats", "gradient", "ab", 4, {})


def square(top, left, side=2):
    mask = np.zeros((8, 8), bool)
    mask[top : top + side, left : left + side] = True
    return mask


PROBES = ks.ProbeSet(np.zeros((2, 8, 8, 1), "float32"), regions={"corner": square(0, 0)})
REGIONS = regions_of(make_checks(["finite", ks.Region("corner", name="scanner")], PROBES), PROBES)


@pytest.mark.parametrize(
    ("place", "is_covered"),
    [
        (square(0, 0), True),
        (square(0, 1), True),
        (square(1, 1), False),
        (square(0, 0, 3), False),
        (np.stack([square(0, 0), square(0, 1)]), True),
        (np.stack([square(0, 0), square(5, 5)]), False),
    ],
)
@pytest.mark.parametrize("check", ["region_corner", "scanner"])
def test_a_waiver_of_a_region_covers_what_is_found_at_the_same_place(check, place, is_covered):
    waiver = Waiver(check, "New data comes in March.", TOMORROW)
    found = with_waivers(found_at(place), [waiver], TODAY, REGIONS)
    assert found.passed is is_covered
    own = f"Waived until {TOMORROW} with {check}, which is about this place: New data comes in March."
    assert found.results[0].sentence.startswith(own) is is_covered
    is_unused = check == "region_corner" and not is_covered
    assert found.results[1].sentence.endswith("remove it.") is is_unused


def test_an_expired_waiver_of_a_region_covers_nothing_and_says_so():
    waiver = Waiver("region_corner", "New data comes in March.", YESTERDAY)
    found = with_waivers(found_at(square(0, 0)), [waiver], TODAY, REGIONS)
    assert not found.passed
    assert "The waiver of region_corner, which is about this place, expired on" in found.results[0].sentence


def test_a_region_that_differs_from_image_to_image_covers_on_average():
    masks = np.stack([square(0, 0), square(5, 5)])
    waiver = Waiver("region_corner", "New data comes in March.", TOMORROW)
    assert with_waivers(found_at(square(0, 0)), [waiver], TODAY, {"region_corner": masks}).passed
    other = {"region_corner": np.stack([masks[0], masks[1], masks[1]])}
    assert not with_waivers(found_at(square(0, 0)), [waiver], TODAY, other).passed


def test_a_waiver_for_an_unknown_check():
    with pytest.raises(ValueError, match="a check that does not exist.*Did you mean 'region_corner'"):
        check_waivers([Waiver("region_cornre", "why", TODAY)], ["region_corner", "finite"])
    check_waivers([Waiver("finite", "why", TODAY)], ["region_corner", "finite"])
