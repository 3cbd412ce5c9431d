"""Rare examples among many, in points whose few are known."""

import numpy as np
import pytest

from keras_saliency.surveys.strategies.tails import Tails


def planted(count=1000, rare=50, dimensions=8, by=8.0, seed=0):
    """Noise, and a few points that are moved along the first axis; a mixture of it, and where the few are."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, dimensions))
    chosen = np.zeros(count, bool)
    chosen[rng.choice(count, rare, replace=False)] = True
    points[chosen, 0] += by
    return points @ rng.normal(size=(dimensions, dimensions)), chosen


def test_the_few_are_the_tail_of_the_most_skewed_component():
    points, chosen = planted()
    tails = Tails.of(points)
    first = tails.skewness.argmax()
    np.testing.assert_array_equal(tails.heights(points)[:, first] > 1, chosen)
    others = np.delete(tails.heights(points) > 1, first, axis=1)
    assert others.mean() < 0.005


def test_other_axes_and_units_tell_the_same():
    """The components of mixed points are those of the points: distances would be others."""
    points, _ = planted()
    mixed = points @ np.random.default_rng(5).normal(size=(8, 8)) * 100 + 7
    first, second = (Tails.of(given).heights(given) for given in (points, mixed))
    same = [abs(np.corrcoef(first[:, i], second.T)[0, 1:]).max() for i in range(8)]
    assert max(same) > 0.999
    assert (first > 1).any(1).mean() == pytest.approx((second > 1).any(1).mean(), abs=0.01)


def test_skewness_is_that_of_the_points_along_the_component():
    points, _ = planted()
    tails = Tails.of(points)
    along = points @ tails.directions
    along = (along - along.mean(0)) / along.std(0)
    np.testing.assert_allclose((along**3).mean(0), tails.skewness, rtol=1e-6)
    assert (tails.skewness >= 0).all()


def test_far_is_three_and_a_half_deviations_of_what_is_usual():
    points = np.random.default_rng(1).normal(size=(200_000, 2))
    tails = Tails.of(points)
    assert (tails.heights(points) > 1).mean() == pytest.approx(2.3e-4, abs=1e-4)


def test_the_same_points_give_the_same_components():
    points, _ = planted(seed=3)
    first, second = Tails.of(points, 2), Tails.of(points, 2)
    np.testing.assert_array_equal(first.directions, second.directions)


@pytest.mark.parametrize("points", [np.zeros((30, 4)), np.full((20, 3), 2.5), np.ones((1, 5))])
def test_points_that_do_not_differ_have_no_components(points):
    tails = Tails.of(points)
    assert tails.heights(points).shape == (len(points), 0)
    assert tails.skewness.shape == (0,)


def test_directions_that_do_not_occur_are_left_out():
    points = np.zeros((300, 6))
    points[:, :2] = np.random.default_rng(0).gamma(0.5, size=(300, 2))
    assert Tails.of(points).heights(points).shape == (300, 2)


def test_no_more_than_the_sixteen_principal_components():
    points = np.random.default_rng(0).normal(size=(500, 30)) * np.where(np.arange(30) < 16, 1, 1e-3)
    tails = Tails.of(points)
    assert tails.heights(points).shape == (500, 16)
    np.testing.assert_allclose((points @ tails.directions).std(0), 1, rtol=1e-6)
    assert abs(tails.directions[16:]).max() < 0.1 * abs(tails.directions[:16]).max()
