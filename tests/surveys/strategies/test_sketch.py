"""Samples and centres that stand for many points."""

import numpy as np
from scipy.spatial.distance import cdist

from keras_saliency.surveys.strategies.sketch import centres_of, nearest, smallest


def test_the_smallest_keys_whatever_the_order():
    keys, ids = np.array(["c", "a", "b", "a"]), np.array(["1", "3", "2", "0"])
    assert smallest(keys, ids, 3).tolist() == [3, 1, 2]  # of equal keys the smaller id
    order = np.array([2, 0, 3, 1])
    assert ids[order][smallest(keys[order], ids[order], 3)].tolist() == ["0", "3", "2"]


def test_few_points_stand_for_themselves():
    points = np.arange(8.0).reshape(4, 2)
    assert centres_of(points, 4) is points


def test_centres_are_the_means_of_what_is_nearest_to_them():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(centre, 0.1, (50, 3)) for centre in (0, 10, 20)])
    centres = centres_of(points, 3)
    np.testing.assert_allclose(np.sort(centres[:, 0]), points[:, 0].reshape(3, 50).mean(1), atol=1e-9)


def test_the_nearest_centre_is_that_of_all_distances():
    rng = np.random.default_rng(0)
    points, centres = rng.normal(size=(9000, 5)), rng.normal(size=(7, 5))
    chosen, distances = nearest(points, centres)
    all_distances = cdist(points, centres)
    np.testing.assert_array_equal(chosen, all_distances.argmin(1))
    np.testing.assert_allclose(distances, all_distances.min(1), atol=1e-6)
