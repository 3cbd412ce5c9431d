"""Masks of maps that are written by hand."""

import numpy as np
import pytest

from keras_saliency.training.repair.salient_masks import SalientMasks

ROWS = np.arange(2)


def masks(maps, what="hot", share=0.25, side=32, seed=0):
    """The masks of maps, which come in blocks of two."""
    blocks = [maps[start : start + 2] for start in range(0, len(maps), 2)]
    return SalientMasks.of_maps(blocks, what, share, side, np.random.default_rng(seed))


@pytest.mark.parametrize(("what", "hidden"), [("hot", [13, 14, 15]), ("cold", [0, 1, 2])])
def test_the_highest_and_the_lowest_are_hidden(what, hidden):
    values = np.random.default_rng(0).permuted(np.tile(np.arange(16.0), (5, 1)), axis=1)
    found = masks(values.reshape(5, 4, 4), what, share=3 / 16)
    for row, mask in enumerate(found.of(np.arange(5))):
        assert sorted(values[row][mask.ravel()]) == hidden


@pytest.mark.parametrize(
    ("share", "count"), [(0.001, 1), (0.1, 2), (0.16, 4), (0.5, 12), (0.9, 22), (0.999, 24)]
)
def test_the_share_is_exact_to_a_pixel(share, count):
    """Of 25 pixels; at least one is hidden and one stays."""
    maps = np.random.default_rng(0).random((3, 5, 5))
    assert (masks(maps, share=share).of(np.arange(3)).sum((1, 2)) == count).all()


@pytest.mark.parametrize(("height", "width", "small"), [(12, 8, (6, 4)), (8, 12, (4, 6)), (6, 4, (6, 4))])
def test_a_pixel_of_the_small_mask_is_the_mean_of_those_that_it_covers(height, width, small):
    maps = np.random.default_rng(1).random((3, height, width))
    found = masks(maps, share=0.25, side=6)
    assert found.small == small
    assert found.bits.nbytes == 3 * 3
    factor = height // small[0]
    means = maps.reshape(3, small[0], factor, small[1], factor).mean((2, 4)).reshape(3, -1)
    expected = means >= np.sort(means, axis=1)[:, -6:][:, :1]
    by_hand = expected.reshape(3, *small).repeat(factor, 1).repeat(factor, 2)
    np.testing.assert_array_equal(found.of(np.arange(3)), by_hand)


def test_sides_that_do_not_divide():
    """Each pixel belongs to the small pixel under its upper left corner."""
    maps = np.zeros((2, 7, 5))
    maps[:, 2, 2] = 1
    mask = masks(maps, share=1 / 12, side=4).of(ROWS)
    assert masks(maps, share=1 / 12, side=4).small == (4, 3)
    by_hand = np.zeros((7, 5), bool)
    by_hand[2:4, 2:4] = True  # rows 2 and 3 of 7 are the second of 4, columns 2 and 3 of 5 the second of 3
    np.testing.assert_array_equal(mask, [by_hand, by_hand])


def test_among_equal_pixels_the_draw_decides():
    """An empty background has a magnitude of 0 all over: no corner of it is preferred."""
    maps = np.zeros((4000, 4, 4))
    maps[:, 0, 0] = 1
    frequency = masks(maps, "cold", share=5 / 16).of(np.arange(4000)).mean(0)
    assert frequency[0, 0] == 0
    np.testing.assert_allclose(frequency.ravel()[1:], 1 / 3, atol=0.04)


@pytest.mark.parametrize("broken", [0.0, 3.0, np.nan, np.inf])
def test_a_map_that_tells_nothing_masks_nothing(broken):
    maps = np.random.default_rng(0).random((2, 4, 4))
    maps[0] = broken
    found = masks(maps)
    assert found.known.tolist() == [False, True]
    assert found.of(ROWS).sum((1, 2)).tolist() == [0, 4]


def test_the_draws_follow_the_generator():
    maps = np.zeros((2, 8, 8))
    maps[:, 0, 0] = 1
    first, same, other = (masks(maps, "cold", seed=seed).of(ROWS) for seed in (1, 1, 2))
    assert (first == same).all()
    assert (first != other).any()
