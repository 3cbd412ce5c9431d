import numpy as np
import pytest

from keras_saliency.metrics import pointing_game, relevance_rank_accuracy

CORNER = np.zeros((4, 5), bool)
CORNER[:2, :2] = True
BOTH = pytest.mark.parametrize("metric", [pointing_game, relevance_rank_accuracy])


def one_hot(*pixels):
    magnitude = np.zeros((1, 4, 5))
    for pixel in pixels:
        magnitude[0][pixel] = 1.0
    return magnitude


class TestPointingGame:
    def test_agrees_with_argmax_where_nothing_ties(self):
        rng = np.random.default_rng(0)
        magnitude, regions = rng.random((50, 6, 7)), rng.random((50, 6, 7)) < 0.4
        expected = [r.ravel()[m.argmax()] for m, r in zip(magnitude, regions, strict=True)]
        np.testing.assert_array_equal(pointing_game(magnitude, regions), np.array(expected, float))

    def test_pixels_that_tie_share_the_hit(self):
        np.testing.assert_allclose(pointing_game(one_hot((0, 0), (1, 1), (3, 3)), CORNER), [2 / 3])

    def test_a_near_miss_is_a_hit_within_the_tolerance(self):
        beside, diagonal = one_hot((0, 3)), one_hot((3, 3))  # 2 and √8 away
        assert pointing_game(beside, CORNER, 1.9) == [0.0]
        assert pointing_game(beside, CORNER, 2.0) == [1.0]
        assert pointing_game(diagonal, CORNER, 2.8) == [0.0]
        assert pointing_game(diagonal, CORNER, 2.9) == [1.0]

    def test_an_infinite_tolerance_invents_no_region(self):
        regions = np.stack([CORNER, np.zeros_like(CORNER)])
        found = pointing_game(np.concatenate([one_hot((3, 3))] * 2), regions, np.inf)
        np.testing.assert_array_equal(found, [1.0, np.nan])

    def test_a_negative_tolerance_is_refused(self):
        with pytest.raises(ValueError, match="tolerance=-1"):
            pointing_game(one_hot((0, 0)), CORNER, -1)


class TestRelevanceRankAccuracy:
    def test_agrees_with_sets_where_nothing_ties(self):
        rng = np.random.default_rng(0)
        magnitude, regions = rng.random((50, 6, 7)), rng.random((50, 6, 7)) < 0.4
        expected = []
        for m, r in zip(magnitude, regions, strict=True):
            inside = set(np.flatnonzero(r))
            expected.append(len(inside & set(np.argsort(m.ravel())[-len(inside) :])) / len(inside))
        np.testing.assert_allclose(relevance_rank_accuracy(magnitude, regions), expected)

    def test_ties_count_by_their_chance_of_a_place(self):
        # Four places: one pixel inside is certain, 19 zeros share three places, three of them inside.
        np.testing.assert_allclose(relevance_rank_accuracy(one_hot((0, 0)), CORNER), [(1 + 3 * 3 / 19) / 4])

    def test_is_the_mean_over_all_ways_to_break_ties(self):
        rng = np.random.default_rng(0)
        magnitude = rng.integers(0, 3, (1, 4, 5)).astype(float)
        dust = 1e-6 * rng.random((4000, 4, 5))
        mean = relevance_rank_accuracy(magnitude + dust, CORNER).mean()
        np.testing.assert_allclose(relevance_rank_accuracy(magnitude, CORNER), mean, atol=0.02)

    def test_all_of_the_region_first_is_one_and_last_is_zero(self):
        assert relevance_rank_accuracy(np.where(CORNER, 2.0, 1.0)[None], CORNER) == [1.0]
        assert relevance_rank_accuracy(np.where(CORNER, 1.0, 2.0)[None], CORNER) == [0.0]


@BOTH
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_a_constant_map_is_no_hit_and_no_miss(metric, value):
    assert np.isnan(metric(np.full((2, 4, 5), value), CORNER)).all()
    assert np.isnan(metric(np.full((2, 4, 5), value), np.ones((4, 5), bool))).all()


@BOTH
def test_a_map_that_is_not_finite_or_without_the_region_has_none(metric):
    magnitude = np.concatenate([one_hot((0, 0))] * 4)
    magnitude[1, 3, 3], magnitude[2, 3, 3] = np.nan, np.inf
    regions = np.stack([CORNER] * 3 + [np.zeros_like(CORNER)])
    assert np.isnan(metric(magnitude, regions)).tolist() == [False, True, True, True]


@BOTH
def test_the_scale_does_not_matter(metric):
    magnitude = np.random.default_rng(0).random((9, 4, 5))
    np.testing.assert_array_equal(metric(magnitude, CORNER), metric(1e-9 * magnitude, CORNER))


@BOTH
def test_arguments_are_checked(metric):
    with pytest.raises(ValueError, match="region of booleans"):
        metric(np.ones((2, 4, 5)), CORNER.astype(float))
    with pytest.raises(ValueError, match=r"region of shape \(4, 5\)"):
        metric(np.ones((2, 4, 5)), CORNER.T)
    with pytest.raises(ValueError, match="never negative"):
        metric(-np.ones((2, 4, 5)), CORNER)
    with pytest.raises(ValueError, match="reduce the channels first"):
        metric(np.ones((2, 4, 5, 3)), CORNER)
