"""Latin hypercubes against scipy's properties of them."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from keras_saliency.methods.shared.stratified import latin_hypercube


@pytest.mark.parametrize(("count", "shape"), [(1, (3,)), (8, (5, 4)), (7, ())])
def test_every_interval_holds_one_number(count, shape):
    numbers = latin_hypercube(count, shape, np.random.default_rng(0))
    assert numbers.shape == (count, *shape)
    intervals = np.sort(np.floor(numbers * count).reshape(count, -1), axis=0)
    np.testing.assert_array_equal(intervals, np.broadcast_to(np.arange(count)[:, None], intervals.shape))


def test_numbers_are_uniform_and_places_independent():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([latin_hypercube(8, (2,), rng) for _ in range(500)])
    assert stats.kstest(drawn[:, 0], "uniform").pvalue > 0.01
    assert abs(stats.spearmanr(drawn).statistic) < 0.05


def test_the_mean_of_a_sum_is_nearly_exact():
    rng = np.random.default_rng(0)
    means = [(latin_hypercube(64, (10,), rng) ** 2).sum(1).mean() for _ in range(50)]
    independent = np.sqrt(10 * (1 / 5 - 1 / 9) / 64)
    assert np.std(means) < independent / 20
    assert abs(np.mean(means) - 10 / 3) < independent / 20


@pytest.mark.parametrize("drawn", [0.0, np.nextafter(1, 0)])
def test_as_float32_no_number_is_0_or_1(drawn):
    """Else the noise that is made of it would be infinite."""

    class Always(np.random.Generator):
        def random(self, size):
            return np.full(size, drawn)

    numbers = latin_hypercube(4, (3,), Always(np.random.PCG64(0))).astype("float32")
    assert 0 < numbers.min() <= 0.25 + drawn
    assert 0.75 <= numbers.max() < 1
    assert np.isfinite(ndtri(numbers)).all()
