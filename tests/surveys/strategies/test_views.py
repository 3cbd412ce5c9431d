"""What examples are compared by."""

import numpy as np
import pytest

from keras_saliency.surveys.strategies.views import GRID, contents, places


def test_the_same_map_is_at_no_distance_whatever_its_strength():
    maps = np.random.default_rng(0).random((1, 20, 20))
    first, second = places(np.concatenate([maps, 7 * maps]).astype("float16"))
    np.testing.assert_allclose(first, second, atol=2e-3)


def test_maps_without_a_common_field_are_the_root_of_two_apart():
    maps = np.zeros((2, 20, 20))
    maps[0, :5], maps[1, 10:] = 1, 3
    first, second = places(maps)
    assert np.linalg.norm(first - second) == pytest.approx(np.sqrt(2))


def test_fields_are_sums_of_neighbours():
    maps = np.arange(400.0).reshape(1, 20, 20)
    expected = maps.reshape(GRID, 2, GRID, 2).sum((1, 3)).ravel()
    np.testing.assert_allclose(places(maps)[0] ** 2, expected / expected.sum())


@pytest.mark.parametrize(("side", "fields"), [(7, 49), (10, 100), (28, 100), (23, 100)])
def test_small_maps_keep_their_fields(side, fields):
    rows = places(np.ones((2, side, side)))
    assert rows.shape == (2, fields)
    assert (rows**2).sum(1) == pytest.approx(1)


def test_a_map_without_content_is_nowhere():
    assert not places(np.zeros((1, 20, 20))).any()


def test_contents_are_the_values():
    patches = np.random.default_rng(0).random((3, 8, 8, 2)).astype("float16")
    np.testing.assert_array_equal(contents(patches), patches.reshape(3, 128))
