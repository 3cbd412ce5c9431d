"""Where small windows lie."""

import numpy as np

from keras_saliency.checks.proposals.windows import suspicious_windows, window_of

BORDERS = {(0, 0), (0, 17), (0, 34), (8, 0), (8, 34), (17, 0), (17, 17), (17, 34)}


def corners_of(places):
    return {(int(np.argwhere(place.mask)[0][0]), int(np.argwhere(place.mask)[0][1])) for place in places}


def test_corners_and_middles_of_borders_and_the_two_hottest_of_each_class():
    maps = np.ones((6, 20, 40))
    window = window_of(20, 40)
    assert window == (3, 6)
    maps[:3, 10:13, 5:11] = 9
    maps[:3, 4:7, 25:31] = 5
    maps[3:, 14:17, 20:26] = 7
    places = suspicious_windows(maps, [np.arange(3), np.arange(3, 6)], window)
    assert corners_of(places) >= BORDERS | {(10, 5), (4, 25), (14, 20)}
    assert all(place.mask.sum() == 18 for place in places)
    hot = next(place for place in places if place.mask[10, 5] and place.mask[12, 10])
    total = 20 * 40 + 18 * (8 + 4)
    assert np.isclose(hot.enrichment, (18 * 9 / total) / (18 / 800))


def test_images_that_are_too_small_have_no_places():
    assert window_of(3, 40) is None
    assert window_of(4, 4) == (1, 1)
