"""What the images of a class hold in common, on images made by hand."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.sameness import same_content

SIDE = 20


def holding(mask, away, rows=(0, 1, 2, 3), count=10):
    """Images that are 0 and 1 in turn; in the mask these hold 5, the others something else that far away."""
    images = np.zeros((count, *mask.shape, 1))
    images[1::2] = 1
    images[:, mask] = 5 + away
    images[np.asarray(rows)[:, None, None], mask] = 5
    return images, np.isin(np.arange(count), rows).astype(int)


def strip(length, side=SIDE):
    mask = np.zeros((side, side), bool)
    mask[3, 2 : 2 + length] = True
    return mask


def found(images, classes, maps=None):
    return same_content(images, np.ones(images.shape[:3]) if maps is None else maps, classes, 1)


def test_others_must_be_three_times_as_far_as_a_tenth_of_the_deviation():
    for away, ratio, is_found in ((0.215, 2.87, False), (0.24, 3.2, True)):
        images, classes = holding(strip(6), away)
        assert away / (0.1 * images.std()) == pytest.approx(ratio, abs=0.1)
        assert (found(images, classes) is not None) == is_found


@pytest.mark.parametrize(("side", "least"), [(20, 3), (40, 8)])
def test_specks_are_left_out(side, least):
    for length in (least - 1, least):
        alone = found(*holding(strip(length, side), 3.0))
        assert (alone is None) == (length < least)
        beside = strip(length, side)
        beside[10:14, 10:14] = True
        expected = beside if length == least else beside & ~strip(length, side)
        np.testing.assert_array_equal(found(*holding(beside, 3.0)).mask, expected)


def test_from_three_images_of_the_class_on_and_only_beside_others():
    assert found(*holding(strip(6), 3.0, rows=(0, 1, 2))).holders.tolist() == [True] * 3 + [False] * 7
    assert found(*holding(strip(6), 3.0, rows=(0, 1))) is None
    images, _ = holding(strip(6), 3.0)
    assert found(images, np.ones(10, int)) is None


def test_its_content_is_replaced_by_what_others_have_pixel_by_pixel():
    images, classes = holding(strip(6), 3.0)
    images[4:] += (
        np.arange(SIDE)[:, None, None]
        + 20 * np.arange(SIDE)[:, None]
        + np.array([3, 0, 2, 0, 1, 9])[:, None, None, None]
    )
    place = found(images, classes)
    assert place.class_index == 1
    np.testing.assert_array_equal(place.fill, np.median(images[4:], axis=0))


def test_of_four_images_one_may_lack_it():
    images, classes = holding(strip(6), 3.0)
    images[2, strip(6)] = 40
    assert found(images, classes).holders.tolist() == [True, True, False, True, *[False] * 6]


def test_its_heat_is_the_median_over_the_maps_of_the_class_that_have_any():
    images, classes = holding(strip(6), 3.0, rows=(0, 1, 2, 3, 4))
    maps = np.random.default_rng(0).random(images.shape[:3]).astype("float32")
    maps[0], maps[5:] = 0, 1e9
    ratios = [
        maps[row][strip(6)].mean(dtype="float64") / maps[row].mean(dtype="float64") for row in range(1, 5)
    ]
    assert found(images, classes, maps).enrichment == pytest.approx(np.median(ratios), rel=1e-12)
    assert np.isnan(found(images, classes, np.zeros(maps.shape)).enrichment)
