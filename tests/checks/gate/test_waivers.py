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


REASON = "Waits for model X."


def report(status, fail_on="failed"):
    result = CheckResult("region_corner", status, "It uses the corner.")
    other = CheckResult("finite", "passed", "All is finite.")
    return Report((result, other), "cats", "gradient", "ab", 4, {}, fail_on=fail_on)


def waived(status, expires, fail_on="failed"):
    waiver = Waiver("region_corner", REASON, expires)
    return with_waivers(report(status, fail_on), [waiver], TODAY)


@pytest.mark.parametrize("expires", [TODAY, TOMORROW])
def test_a_waived_failure_is_shown_as_waived_and_does_not_fail(expires):
    found = waived("failed", expires)
    assert found.passed
    assert found.results[0].status == "failed"
    assert found.verdict(found.results[0]) == "waived"
    assert found.results[0].sentence == (f"Waived until {expires}: Waits for model X. It uses the corner.")
    assert "region_corner  waived" in str(found)
    assert "Passed: 1 waived, 1 passed." in str(found)


def test_an_expired_waiver_fails_and_says_so():
    found = waived("failed", YESTERDAY)
    assert not found.passed
    assert found.results[0].sentence == (
        "It uses the corner. Its waiver expired on 2026-11-24: Waits for model X."
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


def test_a_region_of_its_own_is_not_covered_by_the_waiver_of_another():
    names = ("region_corner", "region_logo")
    found = Report(
        tuple(CheckResult(name, "failed", "It uses it.", details={"region": square(0, 0)}) for name in names),
        *("cats", "gradient", "ab", 4, {}),
    )
    regions = {name: square(0, 0) for name in names}
    waived = with_waivers(found, [Waiver("region_corner", REASON, TOMORROW)], TODAY, regions)
    assert waived.waived == {"region_corner"}


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
    waiver = Waiver(check, REASON, TOMORROW)
    found = with_waivers(found_at(place), [waiver], TODAY, REGIONS)
    assert found.passed is is_covered
    own = f"Waived until {TOMORROW} with {check}, which is about this place: Waits for model X."
    assert found.results[0].sentence.startswith(own) is is_covered
    is_unused = check == "region_corner" and not is_covered
    assert found.results[1].sentence.endswith("remove it.") is is_unused


def test_regions_are_told_by_the_names_of_their_checks():
    names = ["finite", ks.Region("corner", name="scanner"), ks.Region("nowhere")]
    found = regions_of(make_checks(names, PROBES), PROBES)
    assert list(found) == ["region_corner", "scanner"]
    assert all(mask is PROBES.regions["corner"] for mask in found.values())


@pytest.mark.parametrize(
    ("place", "regions"),
    [
        (square(0, 0), {}),
        (square(0, 0), {"region_middle": square(0, 0)}),
        (square(0, 0).astype(float), REGIONS),
        (square(0, 0)[:4, :4], REGIONS),
        (None, REGIONS),
        (0 * square(0, 0) > 1, REGIONS),  # an empty place is nowhere
    ],
)
def test_what_no_waiver_of_a_region_covers(place, regions):
    waiver = Waiver("region_corner", REASON, TOMORROW)
    found = with_waivers(found_at(place), [waiver], TODAY, regions)
    assert (found.passed, found.waived, found.results[0].sentence) == (False, frozenset(), "It rests on it.")


def test_a_place_of_one_pixel_is_covered():
    waiver = Waiver("region_corner", REASON, TOMORROW)
    for masks in (square(0, 0), np.stack([square(0, 0), square(0, 0), square(5, 5)])):
        assert with_waivers(found_at(square(0, 0, 1)), [waiver], TODAY, {"region_corner": masks}).passed


def test_several_waivers_each_do_their_part():
    both = [Waiver("region_corner", REASON, TOMORROW), Waiver("finite", "Why.", TOMORROW)]
    results = tuple(CheckResult(name, "failed", "It fails.") for name in ("region_corner", "finite"))
    given = Report(results, "cats", "gradient", "ab", 4, {})
    assert with_waivers(given, both, TODAY).waived == {"region_corner", "finite"}
    one_over = [both[0], Waiver("finite", "Why.", YESTERDAY)]
    assert with_waivers(given, one_over, TODAY).waived == {"region_corner"}
    assert both[0].note(CheckResult("region_corner", "passed", "So."), TODAY).sentence == (
        "So. Its waiver is no longer needed: remove it."
    )


def test_an_expired_waiver_of_a_region_covers_nothing_and_says_so():
    waiver = Waiver("region_corner", REASON, YESTERDAY)
    found = with_waivers(found_at(square(0, 0)), [waiver], TODAY, REGIONS)
    assert not found.passed
    assert "The waiver of region_corner, which is about this place, expired on" in found.results[0].sentence


def test_a_region_that_differs_from_image_to_image_covers_on_average():
    masks = np.stack([square(0, 0), square(5, 5)])
    waiver = Waiver("region_corner", REASON, TOMORROW)
    assert with_waivers(found_at(square(0, 0)), [waiver], TODAY, {"region_corner": masks}).passed
    other = {"region_corner": np.stack([masks[0], masks[1], masks[1]])}
    assert not with_waivers(found_at(square(0, 0)), [waiver], TODAY, other).passed


def test_images_without_the_region_have_no_say_in_what_a_waiver_covers():
    empty = square(0, 0) & False
    waiver = Waiver("region_corner", REASON, TOMORROW)
    some = {"region_corner": np.stack([empty, square(0, 0), empty])}
    assert with_waivers(found_at(square(0, 0)), [waiver], TODAY, some).passed
    none = {"region_corner": np.stack([empty, empty])}
    assert not with_waivers(found_at(square(0, 0)), [waiver], TODAY, none).passed


def test_a_waiver_for_an_unknown_check():
    with pytest.raises(
        ValueError,
        match="a check that does not exist. No check 'region_cornre'.*Did you mean 'region_corner'",
    ):
        check_waivers([Waiver("region_cornre", "why", TODAY)], ["region_corner", "finite"])
    check_waivers([Waiver("finite", "why", TODAY)], ["region_corner", "finite"])
