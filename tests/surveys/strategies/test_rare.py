"""Which tails are kept, where components are axes and what is rare is known."""

import numpy as np
import pytest

from keras_saliency.surveys.strategies.rare import LEAST, TYPICAL, rare_tails, typical_count
from keras_saliency.surveys.strategies.tails import Tails

COUNT = 300


def axes(count, skewness=0.0):
    """Components that are the axes: farther than 1 is far."""
    return Tails(np.zeros(count), np.eye(count), np.ones(count), np.full(count, skewness))


def points(dimensions, rare=()):
    """Noise, and for each axis the examples `(start, stop)` that lie far out along it."""
    found = 0.1 * np.random.default_rng(0).normal(size=(COUNT, dimensions))
    for axis, (start, stop) in enumerate(rare):
        found[start:stop, axis] = np.linspace(4, 3, stop - start)
    return found


def others(dimensions, count=100):
    return 0.1 * np.random.default_rng(1).normal(size=(count, dimensions))


def kept(rare, view="seen", skewness=0.0, dimensions=5, **more):
    given = {view: points(dimensions, rare)} | more.get("points", {})
    beyond = {name: more.get("others", {}).get(name, others(one.shape[1])) for name, one in given.items()}
    tails = {name: axes(one.shape[1], skewness) for name, one in given.items()}
    return rare_tails(given, beyond, tails)


def test_the_examples_far_out_along_a_component():
    found = kept([(0, 20), (20, 60)])
    assert set(found) == {("seen", 0), ("seen", 1)}
    np.testing.assert_array_equal(np.flatnonzero(found["seen", 0]), np.arange(20))
    np.testing.assert_array_equal(np.flatnonzero(found["seen", 1]), np.arange(20, 60))


@pytest.mark.parametrize(("count", "is_kept"), [(LEAST - 1, False), (LEAST, True), (150, True), (151, False)])
def test_few_and_most_are_no_part(count, is_kept):
    assert bool(kept([(0, count)])) == is_kept


def test_no_more_than_three_and_the_most_distinct_first():
    rare = [(20 * axis, 20 * axis + 20) for axis in range(5)]
    given = points(5, rare)
    given[:, 3:] *= [4, 2]
    found = rare_tails({"seen": given}, {"seen": others(5)}, {"seen": axes(5)})
    assert list(found)[:2] == [("seen", 3), ("seen", 4)]
    assert len(found) == 3


def test_what_other_classes_show_too_is_not_distinct():
    same = others(5, 300)
    same[:200, 0] = np.linspace(4, 3, 200)
    assert list(kept([(0, 20), (20, 40)], others={"seen": same}, skewness=9.0)) == [("seen", 1)]


def test_features_are_kept_for_their_skewness_whatever_the_pictures_show():
    pictures = {"seen": points(4)}
    features = points(5, [(0, 20)])
    for skewness, expected in ((2.4, []), (2.6, [("features", 0)])):
        tails = {"seen": axes(4, skewness), "features": axes(5, skewness)}
        given = pictures | {"features": features}
        beyond = {"seen": others(4), "features": others(5)}
        assert list(rare_tails(given, beyond, tails)) == expected


def test_without_pictures_maps_tell_what_is_distinct():
    assert list(kept([(0, 20)], view="place")) == [("place", 0)]


@pytest.mark.parametrize(("size", "count"), [(5, 5), (12, 12), (20, 12), (30, 15), (100, TYPICAL)])
def test_half_of_a_part_is_typical(size, count):
    assert typical_count(size) == count
