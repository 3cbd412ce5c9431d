"""Where examples belong, with components that are axes and clusters that are known."""

import numpy as np

from keras_saliency.surveys.strategies.clusters import Clusters
from keras_saliency.surveys.strategies.parting import ClassParts, Part
from tests.surveys.strategies.test_rare import axes

CLUSTERS = Clusters(np.array([[0.0, 0.0], [5.0, 5.0]]), np.array([0, 1]))
PARTS = (Part("features", 1, True), Part("features", 0, True), Part("place", 1, False))
MIDDLES = tuple(np.array([row, row], float) for row in (0, 9, 9, 5))


def parts():
    return ClassParts({"features": axes(2), "place": axes(2)}, CLUSTERS, PARTS, MIDDLES)


def points():
    """The rest; far out on one axis, on the other, on both; a cluster, and one of it that is far out."""
    features = [[0, 0], [0, 2], [3, 0], [2, 3], [0, 0], [0, 4]]
    place = [[0, 1], [0, 0], [0, 0], [0, 0], [5, 6], [5, 5]]
    return {"features": np.array(features, float), "place": np.array(place, float)}


def test_the_farthest_out_decides_and_clusters_come_last():
    assert parts().belongs(points()).tolist() == [0, 1, 2, 1, 3, 1]


def test_rare_examples_are_typical_that_are_far_out_and_others_near_the_middle():
    belongs, away = parts().placed(points())
    assert belongs.tolist() == [0, 1, 2, 1, 3, 1]
    np.testing.assert_allclose(away, [1, -2, -3, -3, 1, -4])


def test_kinds():
    assert [parts().kind(number) for number in range(4)] == ["all", "features", "features", "place"]


def test_parts_that_have_most_examples_in_common_are_one():
    """Twenty that two views see are one part, twenty others another."""
    rng = np.random.default_rng(0)
    given = {"features": rng.normal(size=(300, 6)), "place": rng.normal(size=(300, 6))}
    for view in given.values():
        view[:20, 0] += 12
    given["place"][20:40, 1] += 12
    others = {name: rng.normal(size=(100, 6)) for name in given}
    found = ClassParts.of(given, others, 0)
    belongs = found.belongs(given)
    assert len(set(belongs[:20])) == len(set(belongs[20:40])) == 1
    assert {0, belongs[0], belongs[20]} == set(belongs)
    assert len(set(belongs)) == 3
