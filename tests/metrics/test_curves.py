import numpy as np
import pytest
from sklearn.metrics import auc

from keras_saliency.metrics import (
    area_gain,
    deletion_area,
    deletion_curve,
    insertion_area,
    insertion_curve,
    orders_beaten,
    random_order_areas,
)

CURVES = pytest.mark.parametrize("curve", [deletion_curve, insertion_curve])
WEIGHTS = np.random.default_rng(3).normal(size=(4, 5))


def linear(images):
    """The score of a linear model: what each pixel adds is its value times its weight."""
    return (images.reshape(len(images), 4, 5) * WEIGHTS).sum(axis=(1, 2))


def images(count=6, seed=0):
    return np.random.default_rng(seed).random((count, 4, 5))


def rng():
    return np.random.default_rng(0)


class TestOfALinearModel:
    """What each pixel adds is known, so every curve has a closed form."""

    def test_deletion_loses_the_largest_contributions_first(self):
        x = images()
        share = x * WEIGHTS
        descending = -np.sort(-share.reshape(6, 20), axis=1)
        lost = np.concatenate([np.zeros((6, 1)), descending.cumsum(axis=1)], axis=1)
        found = deletion_curve(share, x, linear, rng(), steps=20)
        np.testing.assert_allclose(found.scores, linear(x)[:, None] - lost, atol=1e-12)
        np.testing.assert_allclose(found.fractions, np.linspace(0, 1, 21))

    def test_insertion_gains_them_first(self):
        x = images()
        share = (x - 0.3) * WEIGHTS
        gained = np.concatenate([np.zeros((6, 1)), (-np.sort(-share.reshape(6, 20))).cumsum(axis=1)], axis=1)
        found = insertion_curve(share, x, linear, rng(), baseline=0.3, steps=20)
        np.testing.assert_allclose(found.scores, linear(np.full_like(x, 0.3))[:, None] + gained, atol=1e-12)

    def test_the_true_order_beats_every_random_one_and_its_reverse_none(self):
        x = images()
        share = x * WEIGHTS
        for area, better in ((deletion_area, "lower"), (insertion_area, "higher")):
            kind = area.__name__.removesuffix("_area")
            random = random_order_areas(kind, x, linear, rng(), orders=40)
            best, worst = area(share, x, linear, rng()), area(-share, x, linear, rng())
            assert (orders_beaten(best, random, better) == 1).all()
            assert (orders_beaten(worst, random, better) == 0).all()
            assert (area_gain(best, random, better) > 2).all()
            assert (area_gain(worst, random, better) < -2).all()

    def test_random_maps_are_chance(self):
        x = images(200)
        random = random_order_areas("deletion", x, linear, rng(), orders=20)
        area = deletion_area(np.random.default_rng(8).random(x.shape), x, linear, rng())
        assert abs(orders_beaten(area, random, "lower").mean() - 0.5) < 0.06
        assert abs(area_gain(area, random, "lower").mean()) < 0.2


@CURVES
def test_the_ends_are_the_image_and_the_baseline(curve):
    x = images()
    ends = curve(images(seed=1), x, linear, rng(), baseline=0.2, steps=3).scores[:, [0, -1]]
    expected = [linear(x), linear(np.full_like(x, 0.2))]
    np.testing.assert_allclose(ends.T, expected if curve is deletion_curve else expected[::-1])


@CURVES
def test_the_area_agrees_with_scikit_learn(curve):
    found = curve(images(seed=1), images(), linear, rng(), steps=7)
    np.testing.assert_allclose(found.area, [auc(found.fractions, row) for row in found.scores])


@CURVES
@pytest.mark.parametrize("channel_axis", [-1, 1, 3])
def test_all_channels_of_a_pixel_go_together(curve, channel_axis):
    x = images()
    axis = channel_axis % 4
    coloured = np.stack([x, 2 * x, 3 * x], axis=axis)

    def scores(asked):
        return linear(asked.sum(axis=axis)) / 6

    expected = curve(x, x, linear, rng())
    found = curve(x, coloured, scores, rng(), channel_axis=channel_axis)
    np.testing.assert_allclose(found.scores, expected.scores)


@CURVES
def test_a_baseline_per_pixel_and_the_steps_change_the_curve(curve):
    x = images()
    blurred = np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape)
    plain, other = (curve(x, x, linear, rng(), baseline=b).area for b in (0.0, blurred))
    assert (plain != other).all()
    assert (curve(x, x, linear, rng(), steps=3).area != plain).all()


def test_ties_come_in_the_order_of_the_generator_not_from_the_top_left():
    x = np.ones((1, 4, 5))
    sparse = np.zeros((1, 4, 5))
    sparse[0, 3, 4] = 1.0
    seen = []
    for seed in range(200):
        asked = []

        def keep(changed, asked=asked):
            asked.append(changed[0] == 0)
            return np.zeros(1)

        deletion_curve(sparse, x, keep, np.random.default_rng(seed), steps=20)
        assert asked[1][3, 4]
        seen.append(asked[2])
    second = np.mean(seen, axis=0)
    second[3, 4] = 1 / 19
    np.testing.assert_allclose(second, 1 / 19, atol=0.06)


@CURVES
def test_a_map_without_an_order_has_no_curve_and_spoils_no_other(curve):
    x, maps = images(), images(seed=1)
    clean = curve(maps, x, linear, rng()).scores
    maps[1], maps[2], maps[3, 0, 0], maps[4, 0, 0] = 0.0, 0.7, np.nan, np.inf
    found = curve(maps, x, linear, rng())
    assert np.isnan(found.scores).all(axis=1).tolist() == [False, True, True, True, True, False]
    np.testing.assert_array_equal(found.scores[[0, 5]], clean[[0, 5]])
    assert np.isnan(found.area).tolist() == [False, True, True, True, True, False]


@CURVES
def test_integer_images_stay_integers(curve):
    x = (255 * images()).astype("uint8")
    kinds = []

    def scores(asked):
        kinds.append(asked.dtype)
        return linear(asked)

    curve(images(seed=1), x, scores, rng(), baseline=128)
    assert set(kinds) == {np.dtype("uint8")}


class TestOrdersBeaten:
    def test_by_hand(self):
        random = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 2.0], [3.0, 2.0]])
        np.testing.assert_allclose(orders_beaten(np.array([1.5, 2.0]), random, "higher"), [0.5, 0.25 + 0.375])
        np.testing.assert_allclose(orders_beaten(np.array([1.5, 2.0]), random, "lower"), [0.5, 0.375])
        np.testing.assert_allclose(
            area_gain(np.array([1.5, 3.0]), random, "lower"), [0.0, -1.5 / np.sqrt(0.75)]
        )

    def test_without_spread_there_is_no_gain(self):
        assert np.isnan(area_gain(np.array([1.0]), np.zeros((3, 1)), "higher")).all()

    def test_what_has_no_area_beats_nothing(self):
        assert np.isnan(orders_beaten(np.array([np.nan]), np.zeros((3, 1)), "higher")).all()

    def test_shapes_are_checked(self):
        with pytest.raises(ValueError, match=r"\(2,\) and \(3, 4\)"):
            orders_beaten(np.zeros(2), np.zeros((3, 4)), "higher")


@CURVES
def test_arguments_are_checked(curve):
    x = images()
    with pytest.raises(ValueError, match=r"one map of the size of the image, \(6, 4, 5\).*\(6, 5, 4\)"):
        curve(np.ones((6, 5, 4)), x, linear, rng())
    with pytest.raises(ValueError, match=r"\(n, height, width\), or with channels"):
        curve(x, x.reshape(6, 20), linear, rng())
    with pytest.raises(ValueError, match="steps=0"):
        curve(x, x, linear, rng(), steps=0)
    with pytest.raises(ValueError, match=r"scores\(images\) to be \(6,\).*shape=\(6, 4, 5\)"):
        curve(x, x, lambda asked: asked, rng())


def test_an_unknown_kind_and_no_order_are_refused():
    with pytest.raises(ValueError, match="kind='removal'"):
        random_order_areas("removal", images(), linear, rng())
    with pytest.raises(ValueError, match="orders=0"):
        random_order_areas("deletion", images(), linear, rng(), orders=0)
