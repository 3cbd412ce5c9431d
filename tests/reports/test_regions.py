"""What a report proved, as masks by name; also after it was written and read."""

import numpy as np
import pytest

from keras_saliency.reports import read_report
from keras_saliency.reports.regions import as_masks, as_rows
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult

CORNER = np.zeros((4, 6), bool)
CORNER[:2, :1] = True


def report(*results):
    return Report(results, "cats", "gradient", "ab", 4, {})


def result(name, status, **details):
    return CheckResult(name, status, "It rests on it.", details=details)


@pytest.mark.parametrize("is_read_back", [False, True])
def test_the_places_of_failures_by_the_names_of_their_checks(is_read_back, tmp_path):
    found = report(
        result("region_corner", "failed", region=CORNER),
        result("unexpected_region", "failed", region=np.stack([CORNER, np.flip(CORNER)]), place="the corner"),
        result("region_other", "warned", region=CORNER),
        result("region_third", "passed", region=CORNER),
        result("unexpected_content", "failed", kind="mark"),
        result("own", "failed", region="upper left"),
    )
    if is_read_back:
        found.to_json(tmp_path / "report.json")
        found = read_report(tmp_path / "report.json")
    assert list(found.regions) == ["region_corner", "unexpected_region", "unexpected_region_2"]
    np.testing.assert_array_equal(found.regions["region_corner"], CORNER)
    np.testing.assert_array_equal(found.regions["unexpected_region"], CORNER)
    np.testing.assert_array_equal(found.regions["unexpected_region_2"], np.flip(CORNER))


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "01",
        [],
        [[]],
        ["01", "0"],
        ["01", 1],
        ["ab"],
        [["01"], ["011"]],
        [["01"], "01"],
        [""],
        [[[]]],
    ],
)
def test_what_is_no_mask_is_none(value):
    assert as_masks(value) is None
    assert report(result("own", "failed", region=value)).regions == {}


def test_masks_as_text():
    assert as_rows(CORNER) == ["100000", "100000", "000000", "000000"]
    np.testing.assert_array_equal(as_masks(as_rows(CORNER)), CORNER)
