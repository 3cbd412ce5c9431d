"""Clusters of few points, and where all others go."""

import numpy as np
from scipy.spatial.distance import cdist

from keras_saliency.surveys.strategies.clusters import FEW, Clusters, nearest
from tests.surveys.strategies.test_spectral import blobs


def test_the_nearest_point_is_that_of_all_distances():
    rng = np.random.default_rng(0)
    points, few = rng.normal(size=(9000, 5)), rng.normal(size=(7, 5))
    np.testing.assert_array_equal(nearest(points, few), cdist(points, few).argmin(1))
    assert nearest(points[:0], few).shape == (0,)


def test_others_go_where_the_few_are():
    points, labels = blobs([2000, 900])
    order = np.random.default_rng(1).permutation(len(points))
    clusters = Clusters.of(points[order], 0)
    assert clusters.few.shape == (FEW, points.shape[1])
    assert clusters.count == 1
    np.testing.assert_array_equal(clusters.part(points), labels)


def test_what_hangs_together_has_no_clusters():
    points, _ = blobs([700])
    clusters = Clusters.of(points, 0)
    assert clusters.count == 0
    assert not clusters.part(points).any()
