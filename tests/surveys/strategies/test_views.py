"""What examples are compared by."""

import numpy as np
import pytest

from keras_saliency.surveys.strategies.views import places, values, views_of


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


def test_values_are_the_same_wherever_they_lie():
    patches = np.random.default_rng(0).random((3, 8, 8, 2))
    found = values(patches)
    np.testing.assert_allclose(values(np.roll(patches, 3, axis=(1, 2))), found)
    np.testing.assert_allclose(found.reshape(3, 9, 2)[:, [0, 4, 8], 1].T, [
        patches[..., 1].min((1, 2)), np.median(patches[..., 1], (1, 2)), patches[..., 1].max((1, 2))
    ])  # fmt: skip


def test_without_patches_places_alone_tell():
    block = {"map": np.ones((3, 9, 9))}
    assert list(views_of(block, np.array([0, 2]))) == ["place"]
    found = views_of(block | {"patch": np.ones((3, 8, 8, 2))}, np.array([0, 2]))
    assert {name: one.shape for name, one in found.items()} == {
        "place": (2, 49),
        "picture": (2, 128),
        "values": (2, 18),
    }
