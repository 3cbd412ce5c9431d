import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from keras_saliency.metrics import entropy, gini, mean_magnitude, zero_fraction

RANDOM = np.random.default_rng(0).exponential(size=(30, 9, 9)).astype(np.float32)
SPARSE = np.where(np.random.default_rng(1).random((30, 9, 9)) < 0.3, RANDOM, 0)


class TestMeanMagnitude:
    def test_is_the_mean_absolute_value(self):
        maps = np.array([[1.0, -2.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
        np.testing.assert_array_equal(mean_magnitude(maps), [1.5, 0.0])

    def test_sums_in_float64(self):
        # The sum of these is beyond float16, whose largest value is 65504.
        np.testing.assert_array_equal(mean_magnitude(np.full((1, 64, 64), 1000, np.float16)), [1000.0])

    def test_the_largest_floats_do_not_overflow(self):
        largest = np.finfo(np.float64).max
        np.testing.assert_array_equal(mean_magnitude(np.array([[largest, -largest]])), [largest])

    def test_one_pixel(self):
        np.testing.assert_array_equal(mean_magnitude(np.array([[-3.0]])), [3.0])


class TestEntropy:
    @pytest.mark.parametrize("maps", [RANDOM, SPARSE], ids=["random", "sparse"])
    def test_agrees_with_scipy(self, maps):
        expected = scipy_entropy(maps.reshape(30, -1).astype(np.float64), axis=1) / np.log(81)
        np.testing.assert_allclose(entropy(maps), expected)

    def test_k_equal_pixels_have_the_log_of_k(self):
        maps = np.zeros((3, 16))
        for row, k in zip(maps, (1, 4, 16), strict=True):
            row[:k] = 0.3
        np.testing.assert_allclose(entropy(maps), [0.0, 0.5, 1.0], rtol=1e-14)

    def test_by_hand(self):
        np.testing.assert_allclose(
            entropy(np.array([[1.0, 3.0]])), [-(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))]
        )

    @pytest.mark.parametrize("value", [1e-30, 0.1, 7.0])
    def test_a_constant_map_has_one_and_never_more(self, value):
        found = np.concatenate([entropy(np.full((1, pixels), value)) for pixels in range(2, 300)])
        np.testing.assert_allclose(found, 1.0, rtol=1e-13)
        assert (found <= 1.0).all()

    def test_an_all_zero_map_has_none(self):
        assert np.isnan(entropy(np.zeros((2, 4, 4)))).all()

    def test_one_pixel_has_none_and_two_have_one(self):
        assert np.isnan(entropy(np.ones((1, 1)))).all()
        np.testing.assert_allclose(entropy(np.array([[1.0, 1.0], [0.0, 1.0]])), [1.0, 0.0])

    def test_signed_maps_are_refused(self):
        with pytest.raises(ValueError, match="never negative"):
            entropy(np.array([[1.0, -1.0]]))


class TestGini:
    @pytest.mark.parametrize("maps", [RANDOM, SPARSE], ids=["random", "sparse"])
    def test_agrees_with_the_mean_difference_of_all_pairs(self, maps):
        rows = maps.reshape(30, -1).astype(np.float64)
        differences = np.abs(rows[:, :, None] - rows[:, None, :]).sum(axis=(1, 2))
        expected = differences / (2 * 81**2 * rows.mean(axis=1)) * 81 / 80
        np.testing.assert_allclose(gini(maps), expected)

    @pytest.mark.parametrize("maps", [RANDOM, SPARSE], ids=["random", "sparse"])
    def test_agrees_with_hurley_and_rickard(self, maps):
        ascending = np.sort(maps.reshape(30, -1).astype(np.float64), axis=1)
        k = np.arange(1, 82)
        of_sum = ascending / ascending.sum(axis=1, keepdims=True)
        expected = 1 - 2 * (of_sum * (81 - k + 0.5) / 81).sum(axis=1)
        np.testing.assert_allclose(gini(maps) * 80 / 81, expected)

    @pytest.mark.parametrize("pixels", [2, 9, 1000])
    def test_one_pixel_of_many_has_exactly_one(self, pixels):
        maps = np.zeros((1, pixels))
        maps[0, pixels // 2] = 0.3
        assert gini(maps) == [1.0]

    @pytest.mark.parametrize("value", [1e-30, 0.1, 7.0])
    def test_a_constant_map_has_zero_and_never_less(self, value):
        found = np.concatenate([gini(np.full((1, pixels), value)) for pixels in range(2, 300)])
        np.testing.assert_allclose(found, 0.0, atol=1e-13)
        assert (found >= 0.0).all()

    def test_by_hand_with_ties(self):
        # Shares (0, 1/4, 1/4, 1/2), weights (−3, −1, 1, 3): 3/2 ÷ 3.
        np.testing.assert_allclose(gini(np.array([[2.0, 1.0, 0.0, 1.0]])), [0.5])

    def test_an_all_zero_map_has_none(self):
        assert np.isnan(gini(np.zeros((2, 4, 4)))).all()

    def test_maps_of_one_pixel_have_none_and_of_two_have_one(self):
        assert np.isnan(gini(np.ones((1, 1)))).all()
        np.testing.assert_allclose(gini(np.array([[1.0, 1.0], [1.0, 3.0]])), [0.0, 0.5])

    def test_signed_maps_are_refused(self):
        with pytest.raises(ValueError, match="never negative"):
            gini(np.array([[1.0, -1.0]]))


class TestZeroFraction:
    def test_counts_exact_zeros_of_either_sign(self):
        maps = np.array([[0.0, -0.0, 1e-300, -1.0], [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
        np.testing.assert_array_equal(zero_fraction(maps), [0.5, 1.0, 0.0])

    def test_one_pixel(self):
        np.testing.assert_array_equal(zero_fraction(np.array([[0.0], [2.0]])), [1.0, 0.0])
