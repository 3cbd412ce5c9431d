import numpy as np
import pytest
from scipy.stats import bootstrap

from keras_saliency.metrics import mean_interval

VALUES = np.random.default_rng(0).exponential(size=40)


def test_agrees_with_scipy_for_the_same_draws():
    found = mean_interval(VALUES, np.random.default_rng(1), level=0.9, resamples=500)
    theirs = bootstrap(
        (VALUES,),
        np.mean,
        confidence_level=0.9,
        n_resamples=500,
        method="percentile",
        random_state=np.random.default_rng(1),
    ).confidence_interval
    np.testing.assert_allclose((found.low, found.high), theirs)
    assert found.mean == pytest.approx(VALUES.mean())
    assert found.count == 40


def test_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    found = [mean_interval(rng.normal(3, 2, 40), rng, resamples=300) for _ in range(300)]
    assert 0.90 <= np.mean([f.low <= 3 <= f.high for f in found]) <= 0.98


def test_the_generator_and_the_level_change_the_interval():
    first = mean_interval(VALUES, np.random.default_rng(0))
    assert first == mean_interval(VALUES, np.random.default_rng(0))
    assert first != mean_interval(VALUES, np.random.default_rng(1))
    narrow = mean_interval(VALUES, np.random.default_rng(0), level=0.5)
    assert first.low < narrow.low < narrow.mean < narrow.high < first.high


def test_numbers_that_maps_do_not_have_are_left_out():
    with_gaps = np.insert(VALUES, [0, 10], np.nan)
    assert mean_interval(with_gaps, np.random.default_rng(0)) == mean_interval(
        VALUES, np.random.default_rng(0)
    )


def test_one_value_has_no_interval_and_none_no_mean():
    one = mean_interval(np.array([np.nan, 2.0]), np.random.default_rng(0))
    assert (one.mean, one.count) == (2.0, 1)
    assert np.isnan([one.low, one.high]).all()
    none = mean_interval(np.array([np.nan]), np.random.default_rng(0))
    assert none.count == 0
    assert np.isnan([none.mean, none.low, none.high]).all()


@pytest.mark.parametrize("values", [np.ones((2, 2)), np.array([1.0, np.inf])])
def test_values_are_checked(values):
    with pytest.raises(ValueError, match=r"finite values \(n,\)"):
        mean_interval(values, np.random.default_rng(0))


def test_options_are_checked():
    with pytest.raises(ValueError, match="level=1"):
        mean_interval(VALUES, np.random.default_rng(0), level=1)
    with pytest.raises(ValueError, match="resamples=0"):
        mean_interval(VALUES, np.random.default_rng(0), resamples=0)
