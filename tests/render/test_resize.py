import numpy as np
import pytest

from keras_saliency.render import bilinear, enlarge, fit, shrink


def test_enlarging_makes_squares():
    images = np.array([[[1, 2], [3, 4]]], np.uint8)
    assert enlarge(images, 2).tolist() == [[[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]]


def test_enlarging_keeps_colours(rng):
    images = rng.integers(0, 256, (2, 3, 4, 3)).astype(np.uint8)
    enlarged = enlarge(images, 5)
    assert enlarged.shape == (2, 15, 20, 3)
    np.testing.assert_array_equal(enlarged[:, 2::5, 3::5], images)


def test_enlarging_by_less_than_one_is_an_error():
    with pytest.raises(ValueError, match=r"at least 1\. Received: factor=0"):
        enlarge(np.zeros((1, 2, 2)), 0)


def test_shrinking_averages_areas():
    maps = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    assert shrink(maps, 2).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]


def test_shrinking_by_a_fraction_weighs_the_overlap():
    maps = np.array([[[0.0, 3.0, 6.0]] * 3])
    np.testing.assert_allclose(shrink(maps, 2), [[[1.0, 5.0]] * 2])


@pytest.mark.parametrize("side", [1, 7, 30, 49, 50])
def test_shrinking_keeps_the_mean_and_the_aspect(rng, side):
    maps = rng.normal(size=(2, 50, 100))
    shrunk = shrink(maps, 2 * side)
    assert shrunk.shape == (2, side, 2 * side)
    np.testing.assert_allclose(shrunk.mean(axis=(1, 2)), maps.mean(axis=(1, 2)))


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_shrinking_by_a_whole_factor_gives_the_means_of_blocks(rng, factor):
    maps = rng.normal(size=(2, 4 * factor, 3 * factor)).astype(np.float32)
    blocks = maps.reshape(2, 4, factor, 3, factor).mean((2, 4))
    np.testing.assert_allclose(shrink(maps, 4), blocks, atol=1e-6)
    np.testing.assert_allclose(
        shrink(np.stack([maps, -maps], -1), 4), np.stack([blocks, -blocks], -1), atol=1e-6
    )


def test_small_maps_come_back_as_they_are(rng):
    maps = rng.normal(size=(1, 5, 8))
    assert shrink(maps, 8) is maps


def test_no_side_vanishes():
    assert shrink(np.ones((1, 1, 100)), 10).shape == (1, 1, 10)


def test_shrunk_pictures_are_rounded_and_do_not_wrap():
    picture = np.full((1, 6, 6, 3), 255, np.uint8)
    shrunk = shrink(picture, 4)
    assert shrunk.dtype == np.uint8
    assert (shrunk == 255).all()


def test_shrunk_pictures_are_the_shrunk_channels(rng):
    picture = rng.normal(size=(2, 9, 7, 3))
    channels = [shrink(picture[..., channel], 4) for channel in range(3)]
    np.testing.assert_allclose(shrink(picture, 4), np.stack(channels, axis=-1))


def test_not_finite_stays_where_it_is():
    maps = np.ones((1, 6, 6))
    maps[0, 0, 0] = np.nan
    maps[0, 5, 5] = np.inf
    np.testing.assert_array_equal(shrink(maps, 3), [[[np.nan, 1, 1], [1, 1, 1], [1, 1, np.nan]]])
    assert np.isnan(bilinear(maps, 12, 12)).sum() == 2 * 9


def test_a_longest_side_below_one_is_an_error():
    with pytest.raises(ValueError, match="Received: max_side=0"):
        shrink(np.ones((1, 2, 2)), 0)


def test_bilinear_is_centred():
    assert bilinear(np.array([[[0.0, 1.0]]]), 1, 4).tolist() == [[[0.0, 0.25, 0.75, 1.0]]]


def test_bilinear_of_a_mirrored_map_is_mirrored(rng):
    maps = rng.normal(size=(1, 5, 7))
    np.testing.assert_allclose(bilinear(maps[:, ::-1, ::-1], 33, 40), bilinear(maps, 33, 40)[:, ::-1, ::-1])


def test_bilinear_keeps_constants_and_sizes():
    np.testing.assert_allclose(bilinear(np.full((1, 3, 3), 2.0), 10, 11), np.full((1, 10, 11), 2.0))
    maps = np.ones((1, 3, 3))
    assert bilinear(maps, 3, 3) is maps


@pytest.mark.parametrize(
    ("size", "side", "fitted"),
    [
        ((32, 32), 100, (96, 96)),
        ((10, 20), 64, (30, 60)),
        ((60, 60), 100, (60, 60)),
        ((200, 100), 50, (50, 25)),
    ],
)
def test_fit(size, side, fitted):
    assert fit(np.zeros((2, *size, 3), np.uint8), side).shape == (2, *fitted, 3)
