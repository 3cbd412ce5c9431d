import numpy as np
import pytest

from keras_saliency.render import NOT_FINITE, diverging, enlarge, normalize
from keras_saliency.render.cells import Backdrop, cell_side, roomy_side


@pytest.mark.parametrize(
    ("size", "side"),
    [
        ((8, 8), 104),
        ((20, 20), 100),
        ((28, 28), 112),
        ((32, 32), 96),
        ((64, 64), 128),
        ((96, 40), 96),
        ((40, 224), 112),
    ],
)
def test_sides(size, side):
    assert cell_side(*size) == side


def test_a_map_of_the_inputs_size_keeps_its_pixels(heatmaps):
    signed = heatmaps(2, 20, 20)["signed"]
    backdrop = Backdrop.of(np.zeros((2, 20, 20, 3), np.uint8), (20, 20))
    np.testing.assert_array_equal(backdrop.signed(signed).pictures, enlarge(diverging(normalize(signed)), 5))


@pytest.mark.parametrize("map_size", [(7, 7), (20, 30), (64, 96), (200, 300)])
@pytest.mark.parametrize("size", [(20, 30), (224, 336)])
def test_every_column_has_the_size_of_the_inputs(heatmaps, size, map_size):
    pictures = np.zeros((2, *size, 3), np.uint8)
    maps = heatmaps(2, *map_size)
    backdrop = Backdrop.of(pictures, map_size)
    expected = backdrop.inputs(pictures).pictures.shape
    assert max(expected[1:3]) == cell_side(*size)
    assert backdrop.signed(maps["signed"]).pictures.shape == expected
    assert backdrop.magnitudes(maps["magnitude"]).pictures.shape == expected
    assert backdrop.changes(maps["signed"], maps["signed"]).pictures.shape == expected


def test_zero_stays_white_at_every_size():
    maps = np.zeros((1, 7, 7), np.float32)
    maps[0, 0, 0] = 1
    shown = Backdrop.of(np.zeros((1, 32, 32, 3), np.uint8), (7, 7)).signed(maps).pictures
    assert (shown[0, -40:, -40:] == 255).all()


def test_a_change_of_sign_is_the_full_scale():
    maps = np.full((1, 8, 8), 3.0)
    backdrop = Backdrop.of(None, (8, 8))
    assert (backdrop.changes(maps, -maps).pictures == diverging(np.array(1.0))).all()
    assert (backdrop.changes(-maps, maps).pictures == diverging(np.array(-1.0))).all()
    assert (backdrop.changes(maps, 0 * maps).pictures == diverging(np.array(0.5))).all()


def test_a_change_of_unit_is_no_change():
    maps = np.arange(64.0).reshape(1, 8, 8)
    assert Backdrop.of(None, (8, 8)).changes(maps, 4 * maps).labels == ("no change",)


def test_zero_and_not_finite_maps_are_labelled():
    maps = np.ones((3, 8, 8))
    maps[1] = 0
    maps[2, 0, 0] = np.nan
    backdrop = Backdrop.of(None, (8, 8))
    for cells in (backdrop.magnitudes(maps), backdrop.signed(maps)):
        assert cells.labels == ("", "all zero", "not finite")
        assert cells.pictures[2, 0, 0].tolist() == list(NOT_FINITE)
    assert backdrop.changes(maps, maps[[1, 1, 1]]).labels == ("", "no change", "not finite")


@pytest.mark.parametrize(
    ("size", "cells", "side"),
    [
        ((224, 224), 12, 224),  # four photographs in three columns: as they are
        ((512, 512), 12, 384),
        ((512, 512), 3, 384),
        ((2000, 3000), 3, 384),
        ((224, 224), 48, 193),  # sixteen: 1.8 million pixels for all
        ((112, 224), 48, 224),  # each takes half as many
        ((224, 224), 768, 112),  # many are as small as ever
        ((8, 8), 12, 104),
        ((128, 128), 12, 128),
    ],
)
def test_a_few_large_images_are_shown_large(size, cells, side):
    assert roomy_side(*size, cells) == side
    assert roomy_side(*size, cells) >= cell_side(*size)
