"""Points and weights against closed forms."""

import numpy as np
import pytest

from keras_saliency.methods.shared.quadrature import QUADRATURES, next_points, points_and_weights, trapezoid


@pytest.mark.parametrize("quadrature", QUADRATURES)
@pytest.mark.parametrize("steps", [2, 7, 32])
def test_lines_are_integrated_exactly(quadrature, steps):
    points, weights = points_and_weights(quadrature, steps)
    assert len(points) == steps
    assert weights.sum() == pytest.approx(1)
    assert weights @ (3 * points + 1) == pytest.approx(2.5)


def test_unequal_intervals_too():
    points = np.array([0, 0.1, 0.15, 0.7, 1])
    values = points**2
    assert trapezoid(points) @ values == pytest.approx(np.trapezoid(values, points))


def test_what_is_missed_and_what_is_long_is_halved_first():
    points = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0])
    misses = np.array([0, 0, -5.0, 0, 1.0, 0])
    # shares: 0.1, 0.1, 5/6 + 0.1, 0.1, 1/6 + 0.1, 0.5
    np.testing.assert_allclose(next_points(points, misses, 1), [0.25])
    np.testing.assert_allclose(next_points(points, misses, 3), [0.25, 0.75, 0.45])
    assert len(next_points(points, misses, 100)) == 4
    many = np.linspace(0, 1, 161)
    assert len(next_points(many, np.ones(160), 100)) == 161 // 16


def test_intervals_that_are_too_short_are_left():
    points = np.array([0, 1.5 * 2.0**-17, 1.0])
    np.testing.assert_allclose(next_points(points, np.array([9.0, 0.0]), 4), [(1 + 1.5 * 2.0**-17) / 2])
    assert next_points(np.array([0, 1.5 * 2.0**-17]), np.array([9.0]), 4).size == 0
