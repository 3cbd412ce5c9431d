"""What examples are compared by."""

import numpy as np
import pytest

from keras_saliency.surveys.strategies.views import places, seen, views_of


def test_the_strength_of_a_map_does_not_matter():
    maps = np.random.default_rng(0).random((1, 20, 20))
    first, second = places(np.concatenate([maps, 7 * maps]))
    np.testing.assert_allclose(first, second)


def test_maps_without_a_common_field_are_the_root_of_two_apart():
    maps = np.zeros((2, 21, 14))
    maps[0, :6], maps[1, 12:] = 1, 3
    first, second = places(maps)
    assert np.linalg.norm(first - second) == pytest.approx(np.sqrt(2))


def test_fields_are_sums_of_neighbours():
    maps = np.arange(21 * 14.0).reshape(1, 21, 14)
    expected = maps.reshape(7, 3, 7, 2).sum((1, 3)).ravel()
    np.testing.assert_allclose(places(maps)[0] ** 2, expected / expected.sum())


@pytest.mark.parametrize(("size", "fields"), [((5, 5), 25), ((7, 4), 28), ((28, 20), 49), ((23, 9), 49)])
def test_small_maps_keep_their_fields(size, fields):
    rows = places(np.ones((2, *size)))
    assert rows.shape == (2, fields)
    assert (rows**2).sum(1) == pytest.approx(1)


def test_a_map_without_content_is_nowhere():
    assert not places(np.zeros((1, 20, 20))).any()


def test_what_is_seen_is_weighed_by_the_heat():
    thumbnails = np.random.default_rng(0).random((2, 8, 8, 3))
    flat = np.ones((2, 24, 16))
    np.testing.assert_allclose(seen(flat, thumbnails), thumbnails.reshape(2, -1), rtol=1e-6)
    flat[:, :3, :2] = 4.0
    mean = (63 + 4) / 64
    found = seen(flat, thumbnails).reshape(thumbnails.shape)
    np.testing.assert_allclose(found[:, 0, 0], thumbnails[:, 0, 0] * 2 / np.sqrt(mean), rtol=1e-6)
    np.testing.assert_allclose(found[:, 1:], thumbnails[:, 1:] / np.sqrt(mean), rtol=1e-6)
    assert seen(np.ones((2, 5, 4)), thumbnails).shape == (2, 192)


def test_what_is_not_there_is_no_view():
    block = {"map": np.ones((3, 9, 9))}
    assert list(views_of(block, np.array([0, 2]))) == ["place"]
    more = {"thumbnail": np.ones((3, 8, 8, 2)), "features": np.full((3, 5), np.nan)}
    found = views_of(block | more, np.array([0, 2]))
    assert {name: one.shape for name, one in found.items()} == {
        "place": (2, 49),
        "seen": (2, 128),
        "features": (2, 5),
    }
    assert not found["features"].any()
