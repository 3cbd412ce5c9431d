"""Which small windows are proposed, and how hot the maps are there."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.windows import peaks, suspicious_windows, window_enrichment, window_of

WINDOW = (4, 8)
BORDERS = [(0, 0), (0, 12), (0, 24), (6, 0), (6, 24), (12, 0), (12, 12), (12, 24)]
"""Of such windows in maps of 16 × 32 pixels: the corners and the middles of the borders, in their order."""


def points(*given, shape=(16, 32)):
    """A map that is 0 but for these pixels, `(row, column, value)`."""
    found = np.zeros(shape)
    for row, column, value in given:
        found[row, column] = value
    return found


def table(maps, groups):
    """The enrichment at each proposed window, by its first row and column."""
    places = suspicious_windows(np.asarray(maps), groups, WINDOW)
    found = {tuple(map(int, np.argwhere(place.mask)[0])): place.enrichment for place in places}
    for (top, left), place in zip(found, places, strict=True):
        expected = np.zeros(place.mask.shape, bool)
        expected[top : top + WINDOW[0], left : left + WINDOW[1]] = True
        np.testing.assert_array_equal(place.mask, expected, strict=True)
    return found


@pytest.mark.parametrize(
    ("size", "window"),
    [((3, 40), None), ((40, 3), None), ((4, 4), (1, 1)), ((20, 40), (3, 6)), ((224, 100), (34, 15))],
)
def test_the_window_has_15_percent_of_the_sides(size, window):
    assert window_of(*size) == window


def test_the_enrichment_of_every_window():
    maps = np.random.default_rng(0).random((3, 6, 9))
    maps[1] = 0
    found = window_enrichment(maps, (2, 3))
    assert found.shape == (3, 5, 7)
    assert np.isnan(found[1]).all()
    for index in (0, 2):
        for top, left in np.ndindex(5, 7):
            there = maps[index, top : top + 2, left : left + 3].mean()
            assert found[index, top, left] == pytest.approx(there / maps[index].mean())


def test_in_even_maps_the_corners_and_the_middles_of_the_borders_alone():
    assert list(table(np.ones((3, 16, 32)), [np.arange(3)]).items()) == [(corner, 1.0) for corner in BORDERS]


def test_where_no_map_has_content_nothing_is_hot():
    assert table(np.zeros((2, 16, 32)), [np.arange(2)]) == dict.fromkeys(BORDERS, 0.0)


def test_the_two_hottest_of_each_class():
    # A window that holds all of a map has 16 times its share of the area. Two hold opposite corners of a window each.
    first, second = ((8, 4, 0.25), (11, 11, 0.25)), ((2, 20, 0.1875), (5, 27, 0.1875))
    heat = points(*first, *second, (15, 31, 0.125))
    corner, nothing = points((0, 0, 1.0)), points()
    found = table([heat, heat, nothing, corner, corner, corner, heat], [np.arange(4), np.arange(4, 7)])
    # Of each class the median of three maps; at the borders the mean of six, (6, 0) has a fourth of three of them.
    of_all = dict.fromkeys(BORDERS, 0.0) | {(6, 0): 16 * 0.25 * 3 / 6, (12, 24): 16 * 0.125 * 3 / 6}
    assert found == pytest.approx(of_all | {(8, 4): 8.0, (2, 20): 6.0, (0, 0): 16.0})


def test_a_single_hot_map_is_not_the_class():
    heat = points((8, 3, 1.0))
    found = table([heat, points((0, 20, 1.0)), points((15, 20, 1.0))], [np.arange(3)])
    assert set(found) == set(BORDERS)


def test_above_the_share_of_the_area_alone():
    even = np.ones((16, 32))
    even[8, 12:20] = 2, 1, 1, 1, 1, 1, 1, 1
    found = table([even], [np.arange(1)])
    assert {corner: value for corner, value in found.items() if value > 1} == pytest.approx(
        {(5, 5): 33 / 32 * 512 / 513, (5, 10): 33 / 32 * 512 / 513}
    )


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        # Three of the 6 rows and of the 10 columns at each side are left out with a peak. Windows of 6 × 10 that hold
        # a pixel are alike, and the first is taken: what is nearest to it is the next.
        ([(30, 0, 1.0)], [(25, 0), (29, 0)]),
        ([(0, 30, 1.0)], [(0, 21), (0, 27)]),
        # Where the best of the left-over windows ends at what is left out: one nearer to the peak would be better.
        ([(0, 20, 1.0), (0, 29, 1.0), (0, 23, 0.1), (0, 25, 0.05)], [(0, 20), (0, 14)]),
        ([(20, 0, 1.0), (25, 0, 1.0), (21, 0, 0.1), (22, 0, 0.05)], [(20, 0), (16, 0)]),
        ([(0, 9, 1.0)], [(0, 0), (0, 6)]),
        ([(5, 0, 1.0)], [(0, 0), (4, 0)]),
        ([(30, 30, 1.0)], [(25, 21), (25, 27)]),
    ],
)
def test_peaks_overlap_by_at_most_half_a_side(pixels, expected):
    hot = window_enrichment(points(*pixels, shape=(60, 60))[None], (6, 10))[0]
    before = hot.copy()
    assert peaks(hot, (6, 10), 2) == expected
    assert peaks(hot, (6, 10), 1) == expected[:1]
    np.testing.assert_array_equal(hot, before)


def test_what_is_left_out_is_colder_than_all_else():
    hot = np.arange(30.0)[:, None] * np.ones(30) - 40
    assert peaks(hot, (4, 4), 3) == [(29, 0), (29, 3), (29, 6)]
