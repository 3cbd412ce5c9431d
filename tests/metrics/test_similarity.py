import numpy as np
import pytest
from scipy.spatial.distance import cosine
from scipy.stats import rankdata, spearmanr

from keras_saliency.metrics import (
    absolute_rank_correlation,
    center_shift,
    correlation_of_ranks,
    cosine_similarity,
    drift,
    drift_from_start,
    rank_correlation,
    ranks,
    top_overlap,
)


def one_hot(shape: tuple[int, int], *pixels: tuple[int, int]) -> np.ndarray:
    image = np.zeros((1, *shape))
    for pixel in pixels:
        image[0][pixel] = 1.0
    return image


class TestRanks:
    @pytest.mark.parametrize("levels", [1, 3, 10**6])
    def test_are_those_of_scipy(self, levels):
        maps = np.random.default_rng(0).integers(-levels, levels, size=(5, 300)) / 7
        np.testing.assert_array_equal(ranks(maps), rankdata(maps, axis=1))

    def test_ties_share_their_average(self):
        np.testing.assert_array_equal(ranks(np.array([[10.0, -1.0, 10.0, 3.0]])), [[3.5, 1.0, 3.5, 2.0]])

    def test_a_constant_map_has_one_rank(self):
        np.testing.assert_array_equal(ranks(np.full((1, 4), 7.0)), np.full((1, 4), 2.5))

    def test_both_zeros_tie(self):
        np.testing.assert_array_equal(ranks(np.array([[0.0, -0.0, 1.0]])), [[1.5, 1.5, 3.0]])

    def test_a_map_that_is_not_finite_has_none(self):
        found = ranks(np.array([[1.0, np.inf, 0.0], [1.0, 2.0, 0.0]]))
        np.testing.assert_array_equal(found, [[np.nan] * 3, [2.0, 3.0, 1.0]])

    def test_channels_are_flattened(self):
        assert ranks(np.ones((2, 4, 5, 3))).shape == (2, 60)


class TestRankCorrelation:
    @pytest.mark.parametrize("levels", [2, 5, 1000])
    @pytest.mark.parametrize("shape", [(40, 5), (40, 6, 6), (10, 8, 8, 3)])
    def test_agrees_with_scipy_whatever_the_ties(self, levels, shape):
        rng = np.random.default_rng(levels)
        maps, reference = rng.integers(-levels, levels, size=(2, *shape)).astype(np.float32)
        # Not all independent: the first half shares its order with the reference.
        maps[: len(maps) // 2] += reference[: len(maps) // 2]
        maps[:, 0], reference[:, 0] = 2 * levels, -3 * levels  # so that none is constant
        expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(maps, reference, strict=True)]
        np.testing.assert_allclose(rank_correlation(maps, reference), expected, rtol=0, atol=1e-12)

    def test_sparse_maps_with_independent_supports_do_not_correlate(self):
        rng = np.random.default_rng(0)
        maps, reference = np.where(rng.random((2, 1, 100, 100)) < 0.1, rng.random((2, 1, 100, 100)), 0.0)
        assert abs(rank_correlation(maps, reference)[0]) < 0.05

    def test_by_hand_without_ties(self):
        # 1 − 6 Σd² / (n (n² − 1)) with d = (1, 1, 0, 0)
        found = rank_correlation(np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[20.0, 10.0, 30.0, 40.0]]))
        np.testing.assert_allclose(found, [1 - 6 * 2 / (4 * 15)])

    def test_by_hand_with_ties(self):
        # ranks (1.5, 1.5, 3) and (1, 2, 3): covariance 1.5, squares 1.5 and 2
        found = rank_correlation(np.array([[0.0, 0.0, 5.0]]), np.array([[1.0, 2.0, 3.0]]))
        np.testing.assert_allclose(found, [1.5 / np.sqrt(1.5 * 2)])

    def test_the_sign_counts(self):
        maps = np.array([[-3.0, -1.0, 2.0]])
        assert rank_correlation(maps, -maps) == [-1.0]
        assert rank_correlation(maps, np.abs(maps)) != [1.0]

    def test_any_increasing_function_keeps_it_exactly_one(self):
        maps = np.random.default_rng(0).normal(size=(8, 30, 30))
        assert (rank_correlation(maps, np.exp(maps)) == 1.0).all()

    def test_two_pixels(self):
        maps = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
        reference = np.array([[2.0, 3.0], [3.0, 2.0], [1.0, 2.0]])
        np.testing.assert_array_equal(rank_correlation(maps, reference), [1.0, -1.0, np.nan])

    @pytest.mark.parametrize("value", [0.0, 0.1, -3.0])
    def test_a_constant_map_has_none_on_either_side(self, value):
        varied = np.random.default_rng(0).normal(size=(2, 5, 5))
        constant = np.full_like(varied, value)
        for pair in ((varied, constant), (constant, varied), (constant, constant)):
            assert np.isnan(rank_correlation(*pair)).all()

    def test_one_pixel_has_none(self):
        assert np.isnan(rank_correlation(np.ones((2, 1)), np.ones((2, 1)))).all()

    def test_ranks_serve_several_references(self):
        now, before, first = np.random.default_rng(0).normal(size=(3, 4, 6, 6))
        ranked = ranks(now)
        for reference in (before, first):
            np.testing.assert_array_equal(
                correlation_of_ranks(ranked, ranks(reference)), rank_correlation(now, reference)
            )

    def test_shapes_must_match(self):
        with pytest.raises(
            ValueError, match=r"same shape\. Received: shape=\(2, 3\), reference shape=\(2, 4\)"
        ):
            rank_correlation(np.ones((2, 3)), np.ones((2, 4)))
        with pytest.raises(ValueError, match="same shape"):
            correlation_of_ranks(np.ones((2, 3)), np.ones((1, 3)))

    def test_one_shape_is_needed_even_for_as_many_pixels(self):
        with pytest.raises(ValueError, match="same shape"):
            rank_correlation(np.ones((2, 3, 4)), np.ones((2, 4, 3)))


class TestDrift:
    def test_runs_from_the_same_order_to_the_reverse(self):
        maps = np.random.default_rng(0).normal(size=(3, 7, 7))
        assert (drift(ranks(maps), ranks(maps)) == 0.0).all()
        assert (drift(ranks(maps), ranks(-maps)) == 2.0).all()

    def test_is_one_minus_the_correlation(self):
        maps, reference = np.random.default_rng(0).normal(size=(2, 3, 7, 7))
        expected = 1 - rank_correlation(maps, reference)
        np.testing.assert_array_equal(drift(ranks(maps), ranks(reference)), expected)
        np.testing.assert_array_equal(drift_from_start(ranks(maps), ranks(reference)), expected)

    def test_a_constant_map_has_none(self):
        assert np.isnan(drift(ranks(np.zeros((1, 4))), ranks(np.arange(4.0)[None]))).all()

    def test_maps_that_are_not_ranked_are_refused(self):
        maps = np.random.default_rng(0).normal(size=(3, 7))
        with pytest.raises(ValueError, match="Expected maps as ranked by `ranks`"):
            drift(maps, ranks(maps))
        with pytest.raises(ValueError, match="Expected maps as ranked by `ranks`"):
            drift(ranks(maps), maps)


class TestTopOverlap:
    @pytest.mark.parametrize("pixels", [3, 33, 100, 1000])
    @pytest.mark.parametrize("fraction", [0.001, 0.05, 0.3, 1.0])
    def test_agrees_with_sets_where_nothing_ties(self, pixels, fraction):
        rng = np.random.default_rng(pixels)
        maps, reference = (rng.permuted(np.tile(np.arange(pixels), (20, 1)), axis=1) for _ in range(2))
        count = max(1, round(fraction * pixels))
        expected = []
        for ours, theirs in zip(maps, reference, strict=True):
            top, other = set(np.argsort(ours)[-count:]), set(np.argsort(theirs)[-count:])
            expected.append(len(top & other) / len(top | other))
        np.testing.assert_array_equal(top_overlap(maps, reference, fraction), expected)

    def test_by_hand(self):
        # tops {2, 3} and {1, 3}
        found = top_overlap(np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0.0, 2.0, 1.0, 3.0]]), fraction=0.5)
        np.testing.assert_allclose(found, [1 / 3])

    def test_ties_for_the_last_place_are_left_out_together(self):
        # Two places, one clear winner and three that tie: the top is pixel 3 alone.
        maps = np.array([[1.0, 1.0, 1.0, 3.0]])
        np.testing.assert_array_equal(
            top_overlap(maps, np.array([[0.0, 1.0, 2.0, 3.0]]), fraction=0.5), [0.5]
        )

    def test_ties_for_every_place_are_the_top_together(self):
        # One place, pixels 1, 2 and 3 tie for it.
        maps = np.array([[0.0, 3.0, 3.0, 3.0]])
        found = top_overlap(maps, np.array([[0.0, 1.0, 2.0, 3.0]]), fraction=0.25)
        np.testing.assert_allclose(found, [1 / 3])

    def test_zeros_of_a_sparse_map_are_not_strong(self):
        here, there = one_hot((10, 10), (0, 0)), one_hot((10, 10), (9, 9))
        assert top_overlap(here, there) == [0.0]
        assert top_overlap(here, here) == [1.0]

    def test_the_order_of_the_pixels_does_not_matter(self):
        rng = np.random.default_rng(0)
        maps, reference = rng.integers(0, 4, size=(2, 30, 60))
        order = rng.permutation(60)
        np.testing.assert_array_equal(
            top_overlap(maps, reference), top_overlap(maps[:, order], reference[:, order])
        )

    def test_is_symmetric(self):
        maps, reference = np.random.default_rng(1).integers(0, 4, size=(2, 30, 60))
        np.testing.assert_array_equal(top_overlap(maps, reference), top_overlap(reference, maps))

    def test_the_fraction_changes_the_result(self):
        maps, reference = np.random.default_rng(0).random((2, 1, 20, 20))
        assert top_overlap(maps, reference, 0.05) != top_overlap(maps, reference, 0.5)
        assert top_overlap(maps, reference, 1.0) == [1.0]

    @pytest.mark.parametrize("value", [0.0, 2.0])
    def test_a_constant_map_has_no_top(self, value):
        varied, constant = np.arange(16.0).reshape(1, 4, 4), np.full((1, 4, 4), value)
        for pair in ((varied, constant), (constant, varied), (constant, constant)):
            assert np.isnan(top_overlap(*pair)).all()

    def test_one_pixel_has_no_top_and_two_have_one(self):
        assert np.isnan(top_overlap(np.ones((1, 1)), np.ones((1, 1)))).all()
        maps, reference = np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([[0.0, 2.0], [2.0, 0.0]])
        np.testing.assert_array_equal(top_overlap(maps, reference), [1.0, 0.0])

    @pytest.mark.parametrize("fraction", [0.0, -0.1, 1.5, float("nan")])
    def test_fractions_out_of_range_are_refused(self, fraction):
        with pytest.raises(ValueError, match=r"above 0 and at most 1\. Received: fraction="):
            top_overlap(np.ones((1, 4)), np.ones((1, 4)), fraction)

    def test_signed_maps_are_refused(self):
        with pytest.raises(ValueError, match="never negative"):
            top_overlap(np.ones((1, 2)), np.array([[-1.0, 1.0]]))


class TestCenterShift:
    def test_from_corner_to_corner_is_one(self):
        shape = (5, 9)
        np.testing.assert_allclose(center_shift(one_hot(shape, (0, 0)), one_hot(shape, (4, 8))), [1.0])
        np.testing.assert_allclose(center_shift(one_hot(shape, (4, 0)), one_hot(shape, (0, 8))), [1.0])

    def test_by_hand(self):
        # The corner pixels of a 4 × 5 image are √(3² + 4²) = 5 apart; the centroids (1.5, 1) and (0, 3).
        found = center_shift(one_hot((4, 5), (0, 1), (3, 1)), one_hot((4, 5), (0, 3)))
        np.testing.assert_allclose(found, [np.hypot(1.5, 2) / 5])

    def test_weights_count(self):
        magnitude = np.array([[[3.0, 0.0, 0.0, 1.0]]])
        np.testing.assert_allclose(center_shift(magnitude, one_hot((1, 4), (0, 0))), [0.75 / 3])

    def test_the_scale_of_a_map_does_not_count(self):
        magnitude = np.random.default_rng(0).random((3, 6, 6))
        np.testing.assert_allclose(center_shift(magnitude, 100 * magnitude), np.zeros(3), atol=1e-15)

    def test_never_above_one(self):
        # One corner pixel against the other with a dust beside it so faint that only rounding sees it.
        magnitude, reference = np.zeros((2, 60, 1, 224))
        magnitude[:, 0, 0] = 1.0
        reference[:, 0, -8:] = np.logspace(-19, -15, 60)[:, None]
        reference[:, 0, -1] = 1.0
        assert (center_shift(magnitude, reference) <= 1.0).all()

    def test_an_all_zero_map_has_no_centroid(self):
        blank, spot = np.zeros((1, 3, 3)), one_hot((3, 3), (1, 1))
        for pair in ((blank, spot), (spot, blank), (blank, blank)):
            assert np.isnan(center_shift(*pair)).all()

    def test_a_constant_map_has_its_centroid_in_the_middle(self):
        np.testing.assert_allclose(
            center_shift(np.ones((1, 3, 3)), one_hot((3, 3), (1, 1))), [0.0], atol=1e-15
        )

    def test_one_pixel_has_no_diagonal_and_two_have_one(self):
        assert np.isnan(center_shift(np.ones((1, 1, 1)), np.ones((1, 1, 1)))).all()
        np.testing.assert_allclose(center_shift(one_hot((1, 2), (0, 0)), one_hot((1, 2), (0, 1))), [1.0])

    def test_channels_are_refused(self):
        with pytest.raises(ValueError, match=r"reduce the channels first\. Received: shape=\(1, 4, 4, 3\)"):
            center_shift(np.ones((1, 4, 4, 3)), np.ones((1, 4, 4, 3)))

    def test_signed_maps_are_refused(self):
        with pytest.raises(ValueError, match="never negative"):
            center_shift(-np.ones((1, 4, 4)), np.ones((1, 4, 4)))


class TestAbsoluteRankCorrelation:
    @pytest.mark.parametrize("levels", [2, 5, 1000])
    def test_agrees_with_scipy_whatever_the_ties(self, levels):
        maps, reference = np.random.default_rng(levels).integers(-levels, levels, size=(2, 20, 6, 6))
        maps[:, 0, 0], reference[:, 0, 0] = 2 * levels, -3 * levels
        expected = [
            spearmanr(abs(a).ravel(), abs(b).ravel()).statistic for a, b in zip(maps, reference, strict=True)
        ]
        np.testing.assert_allclose(absolute_rank_correlation(maps, reference), expected, atol=1e-12)

    def test_a_common_empty_background_makes_unrelated_maps_alike(self):
        rng = np.random.default_rng(0)
        maps, reference = rng.normal(size=(2, 1, 40, 40))
        maps[:, :30], reference[:, :30] = 0, 0
        assert absolute_rank_correlation(maps, reference) > 0.9
        assert abs(rank_correlation(maps, reference)) < 0.1

    def test_one_magnitude_of_two_signs_has_none(self):
        signs = np.array([[1.0, -1.0, 1.0]])
        assert np.isnan(absolute_rank_correlation(signs, np.array([[1.0, 2.0, 3.0]]))).all()
        assert np.isfinite(rank_correlation(signs, np.array([[1.0, 2.0, 3.0]]))).all()


class TestCosineSimilarity:
    @pytest.mark.parametrize("shape", [(9, 5), (9, 4, 4), (9, 4, 4, 3)])
    def test_agrees_with_scipy(self, shape):
        maps, reference = np.random.default_rng(0).normal(size=(2, *shape))
        expected = [1 - cosine(a.ravel(), b.ravel()) for a, b in zip(maps, reference, strict=True)]
        np.testing.assert_allclose(cosine_similarity(maps, reference), expected, atol=1e-12)

    def test_by_hand(self):
        # 3·4 + 4·3 over 5·5
        np.testing.assert_allclose(
            cosine_similarity(np.array([[3.0, 4.0]]), np.array([[4.0, 3.0]])), [24 / 25]
        )

    def test_a_factor_does_not_matter_but_its_sign_does(self):
        maps = np.random.default_rng(0).normal(size=(3, 7, 7))
        np.testing.assert_allclose(cosine_similarity(maps, 5 * maps), 1)
        np.testing.assert_allclose(cosine_similarity(maps, -5 * maps), -1)

    def test_constant_maps_have_one_and_an_all_zero_map_has_none(self):
        maps = np.array([[2.0, 2.0], [0.0, 0.0], [1.0, 1.0]])
        reference = np.array([[5.0, 5.0], [1.0, 2.0], [0.0, 0.0]])
        np.testing.assert_allclose(cosine_similarity(maps, reference), [1.0, np.nan, np.nan])
