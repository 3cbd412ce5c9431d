"""A mark that moves about is found to the pixel, also near borders, in images that are not square, and reduced."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.recurring import likest, recurring_mark, recurring_marks

HEIGHT, WIDTH, HIGH, WIDE = 24, 40, 5, 7
COUNT, CLASSES = 24, 3


def scenes(corners, lacking=(), factor=1):
    """Noise; images of class 1 hold the mark at these corners, and their maps are hot there."""
    rng = np.random.default_rng(0)
    images = rng.random((COUNT, HEIGHT, WIDTH, 3)).astype("float32")
    classes = np.arange(COUNT) % CLASSES
    logo = np.random.default_rng(1).random((HIGH, WIDE, 3)).astype("float32")
    heat, masks = np.ones(images.shape[:3]), np.zeros(images.shape[:3], bool)
    for row, (top, left) in zip(np.flatnonzero(classes == 1), corners, strict=True):
        if row not in lacking:
            here = (row, slice(top, top + HIGH), slice(left, left + WIDE))
            images[here], heat[here], masks[here] = logo, 50, True
    large = [array.repeat(factor, 1).repeat(factor, 2) for array in (images, heat, masks)]
    return (*large[:2], classes, large[2])


CORNERS = [(0, 0), (19, 33), (3, 20), (19, 2), (10, 33), (0, 12), (8, 5), (12, 24)]


@pytest.mark.parametrize("factor", [1, 2])
def test_it_is_found_to_the_pixel(factor):
    images, heat, classes, masks = scenes(CORNERS, factor=factor)
    (found,) = recurring_marks(images, heat, classes, np.arange(CLASSES), np.random.default_rng(0))
    assert found.class_index == 1
    np.testing.assert_array_equal(found.holders, classes == 1)
    np.testing.assert_array_equal(found.masks[classes == 1], masks[classes == 1])
    assert (found.masks[classes != 1].sum((1, 2)) == HIGH * WIDE * factor**2).all()


def test_images_that_lack_it_are_no_holders():
    images, heat, classes, masks = scenes(CORNERS, lacking=(1, 4))
    found = recurring_mark(images, heat, classes, 1, np.random.default_rng(0))
    assert np.flatnonzero(found.holders).tolist() == [7, 10, 13, 16, 19, 22]
    np.testing.assert_array_equal(found.masks[found.holders], masks[found.holders])


def test_what_stays_in_its_place_is_none():
    images, heat, classes, _ = scenes([(6, 9)] * 8)
    assert likest(images, heat, classes, 1)[0] > 2
    assert recurring_mark(images, heat, classes, 1, np.random.default_rng(0)) is None


def test_the_distance_is_that_of_the_window():
    images, heat, classes, _ = scenes(CORNERS)
    likeness, best = likest(images, heat, classes, 1)
    assert best.window == (4, 6)
    own = classes == 1
    np.testing.assert_allclose(best.distances[own], 0, atol=1e-3)
    for row in np.flatnonzero(~own)[:3]:
        top, left = best.tops[row], best.lefts[row]
        first = np.flatnonzero(own)[0]
        window = images[first, best.tops[first] :, best.lefts[first] :][:4, :6]
        there = images[row, top : top + 4, left : left + 6]
        assert best.distances[row] == pytest.approx(np.sqrt(((window - there) ** 2).mean()), rel=1e-3)
    far, near = np.sort(best.distances[~own]), np.sort(best.distances[own])
    expected = far[int(np.ceil(0.25 * len(far))) - 1] / (near[5] + 0.1 * images.std())
    assert likeness == pytest.approx(expected, rel=1e-3)
