"""How points are measured."""

import numpy as np
from scipy.spatial.distance import cdist

from keras_saliency.surveys.strategies.sketch import Scale, nearest


def test_a_scale_has_medians_and_median_distances():
    points = np.array([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0], [10.0, 9.0]])
    scale = Scale.of(points)
    np.testing.assert_allclose(scale.middle, [3, 5])
    np.testing.assert_allclose(
        scale.spread, [2, 0.25]
    )  # distances 3, 1, 1, 7; and a quarter of the mean of 2 and 0
    np.testing.assert_allclose(scale(points)[3], [3.5, 16])


def test_the_nearest_centre_is_that_of_all_distances():
    rng = np.random.default_rng(0)
    points, centres = rng.normal(size=(9000, 5)), rng.normal(size=(7, 5))
    chosen, distances = nearest(points, centres)
    all_distances = cdist(points, centres)
    np.testing.assert_array_equal(chosen, all_distances.argmin(1))
    np.testing.assert_allclose(distances, all_distances.min(1), atol=1e-6)
