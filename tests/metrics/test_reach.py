"""How far a gradient holds, against scores whose reach has a closed form."""

import numpy as np
import pytest

from keras_saliency.metrics import gradient_reach
from keras_saliency.metrics.reach import STEPS, shortest_step

IMAGES = np.random.default_rng(0).uniform(0, 1, (5, 6, 6))
WEIGHTS = np.random.default_rng(1).normal(size=(6, 6))
SPREAD = np.ptp(IMAGES.reshape(5, -1), axis=1)


def plane(images):
    return (images * WEIGHTS).sum((1, 2)) + 3


MAPS = np.broadcast_to(WEIGHTS, IMAGES.shape)


def test_a_linear_score_is_foretold_everywhere():
    np.testing.assert_array_equal(gradient_reach(MAPS, IMAGES, plane), 1)


@pytest.mark.parametrize("bent", [0.3, -0.3, 20.0])
def test_a_parabola_is_foretold_until_half_of_the_change_is_its_bend(bent):
    """Along the unit vector u, f = |w| t + bent t²: it misses by half of |w| t where |bent| t = |w| / 2."""
    length = np.linalg.norm(WEIGHTS)
    unit = WEIGHTS / length

    def parabola(images):
        away = ((images - IMAGES) * unit).sum((1, 2))
        return length * away + bent * away**2 + 3

    exact = length / (2 * abs(bent)) / (SPREAD * 6)  # a step of 1 is SPREAD × √36 long
    found = gradient_reach(MAPS, IMAGES, parabola)
    expected = [STEPS[each >= STEPS].max() for each in exact]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("place", [0.01, 0.2])
def test_a_bend_on_either_side_ends_it(side, place):
    """The score stops to change where the image has gone `place` on one side: half of it is missed twice as far."""
    unit = WEIGHTS / np.linalg.norm(WEIGHTS)

    def kinked(images):
        steps = ((images - IMAGES) * unit).sum((1, 2)) / (SPREAD * 6)
        return 3 + np.linalg.norm(WEIGHTS) * SPREAD * 6 * side * np.minimum(side * steps, place)

    found = gradient_reach(MAPS, IMAGES, kinked)
    np.testing.assert_array_equal(found, STEPS[2 * place >= STEPS].max())


def test_a_map_that_is_no_gradient_holds_nowhere():
    for factor in (-1.0, 3.0, 0.4):
        np.testing.assert_array_equal(gradient_reach(factor * MAPS, IMAGES, plane), 0)


def test_what_rounding_hides_speaks_neither_for_nor_against():
    """A score of a million keeps no more than 0.06 in float32: only long steps change it by more."""

    def coarse(images):
        return (plane(images) + 1e6).astype("float32").astype("float64")

    least = 500 * 2.0**-23 * 1e6 / (np.linalg.norm(WEIGHTS) * SPREAD * 6)
    found = shortest_step(MAPS, IMAGES, coarse(IMAGES))
    np.testing.assert_array_equal(found, [min(STEPS[each <= STEPS], default=np.inf) for each in least])
    expected = np.where(np.isfinite(found), 1.0, 0.0)
    np.testing.assert_array_equal(gradient_reach(MAPS, IMAGES, coarse), expected)
    np.testing.assert_array_equal(gradient_reach(MAPS, IMAGES, lambda images: plane(images) * 0 + 1e9), 0)


def test_what_has_no_direction_range_or_score_has_no_reach():
    maps, images = MAPS.copy(), IMAGES.copy()
    maps[0], maps[1, 0, 0], images[2] = 0, np.inf, 0.5
    found = gradient_reach(maps, images, lambda asked: np.where(np.arange(5) == 3, np.nan, plane(asked)))
    np.testing.assert_array_equal(np.isnan(found), [True, True, True, True, False])


def test_it_takes_nine_scores():
    asked = []
    gradient_reach(MAPS, IMAGES, lambda images: asked.append(images) or plane(images))
    assert len(asked) == 9
