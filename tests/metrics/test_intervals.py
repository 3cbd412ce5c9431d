import numpy as np
import pytest
from scipy import stats

from keras_saliency.metrics import mean_interval

VALUES = np.random.default_rng(0).exponential(size=40)


@pytest.mark.parametrize("count", [2, 3, 10, 40])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_agrees_with_scipy(count, level):
    found = mean_interval(VALUES[:count], level=level)
    theirs = stats.ttest_1samp(VALUES[:count], 0).confidence_interval(level)
    np.testing.assert_allclose((found.low, found.high), theirs, rtol=1e-12)
    assert found.mean == pytest.approx(VALUES[:count].mean())
    assert found.count == count


def test_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    found = [mean_interval(rng.normal(3, 2, 10)) for _ in range(2000)]
    assert 0.94 <= np.mean([f.low <= 3 <= f.high for f in found]) <= 0.96


def test_a_lower_level_is_a_narrower_interval():
    wide, narrow = mean_interval(VALUES), mean_interval(VALUES, level=0.5)
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high


def test_equal_values_have_an_interval_without_width():
    found = mean_interval(np.full(5, 0.25))
    assert (found.mean, found.low, found.high) == (0.25, 0.25, 0.25)


def test_numbers_that_maps_do_not_have_are_left_out():
    with_gaps = np.insert(VALUES, [0, 10], np.nan)
    assert mean_interval(with_gaps) == mean_interval(VALUES)


def test_one_value_has_no_interval_and_none_no_mean():
    one = mean_interval(np.array([np.nan, 2.0]))
    assert (one.mean, one.count) == (2.0, 1)
    assert np.isnan([one.low, one.high]).all()
    none = mean_interval(np.array([np.nan]))
    assert none.count == 0
    assert np.isnan([none.mean, none.low, none.high]).all()


@pytest.mark.parametrize("values", [np.ones((2, 2)), np.array([1.0, np.inf])])
def test_values_are_checked(values):
    with pytest.raises(ValueError, match=r"finite values \(n,\)"):
        mean_interval(values)


@pytest.mark.parametrize("level", [0, 1, float("nan")])
def test_the_level_is_checked(level):
    with pytest.raises(ValueError, match=f"level={level}"):
        mean_interval(VALUES, level=level)
