import numpy as np
import pytest

from keras_saliency.checks.experiment.interventions import (
    Moved,
    elsewhere,
    filled,
    margins,
    pasted,
    way_gone,
)

IMAGE = np.arange(36.0).reshape(1, 6, 6, 1)
CORNER = np.zeros((1, 6, 6), bool)
CORNER[0, :2, :2] = True


def test_the_mean_is_that_of_the_pixels_around():
    ring = IMAGE[0, :4, :4, 0][~CORNER[0, :4, :4]]
    emptied = filled(IMAGE, CORNER)
    np.testing.assert_allclose(emptied[0, :2, :2, 0], ring.mean())
    np.testing.assert_array_equal(emptied[0, 2:], IMAGE[0, 2:])


def test_channels_keep_their_own_mean():
    image = np.stack([np.full((6, 6), 2.0), np.full((6, 6), 5.0)], -1)[None]
    changed = image.copy()
    changed[0, :2, :2] = 9
    np.testing.assert_allclose(filled(changed, CORNER), image)


def test_the_pixels_around_are_at_most_two_away_on_all_sides_and_in_each_image_its_own():
    images = np.random.default_rng(0).random((2, 12, 14, 3))
    masks = np.zeros((2, 12, 14), bool)
    masks[0, 5:7, 6:9] = masks[1, 0, 3] = True
    rings = np.zeros_like(masks)
    rings[0, 3:9, 4:11] = rings[1, :3, 1:6] = True
    for image, mask, ring, emptied in zip(images, masks, rings & ~masks, filled(images, masks), strict=True):
        expected = np.where(mask[..., None], image[ring].mean(0), image)
        np.testing.assert_allclose(emptied, expected)
    same = np.broadcast_to(masks[0], masks.shape)  # one mask for all
    np.testing.assert_allclose(filled(images, same), filled(images, same.copy()))


def test_a_number_or_an_array_of_any_shape_that_fits_an_image():
    images = np.random.default_rng(0).random((2, 6, 6, 3))
    masks = np.broadcast_to(CORNER, (2, 6, 6))
    for fill in (7, [1.0, 2, 3], np.arange(36).reshape(6, 6, 1), images[::-1]):
        expected = np.where(masks[..., None], fill, images)
        np.testing.assert_array_equal(filled(images, masks, fill), expected, strict=True)


@pytest.mark.parametrize(("high", "wide", "width"), [(1, 1, 1.0), (2, 3, 6**0.5 / 2), (4, 9, 3.0)])
def test_a_blur_is_the_mean_of_what_is_outside_weighted_by_a_gaussian(high, wide, width):
    image, mask = np.random.default_rng(0).random((40, 40, 2)), np.zeros((40, 40), bool)
    mask[18 : 18 + high, 15 : 15 + wide] = True
    reach = int(4 * width + 0.5)
    rows, columns = np.indices(mask.shape)
    blurred = filled(image[None], mask[None], "blur")[0]
    for row, column in np.argwhere(mask):
        down, right = abs(rows - row), abs(columns - column)
        weights = np.exp(-(down**2 + right**2) / (2 * width**2)) * ~mask * (np.maximum(down, right) <= reach)
        expected = np.average(image.reshape(-1, 2), axis=0, weights=weights.ravel())
        np.testing.assert_allclose(blurred[row, column], expected)
    np.testing.assert_array_equal(blurred[~mask], image[~mask])


def test_where_a_blur_does_not_reach_the_mean_around():
    image, mask = np.random.default_rng(0).random((1, 4, 400, 2)), np.ones((1, 4, 400), bool)
    mask[..., :6] = False
    blurred, mean = filled(image, mask, "blur")[0], image[0, :, 4:6].mean((0, 1))
    np.testing.assert_allclose(blurred[:, 100:], np.broadcast_to(mean, (4, 300, 2)))
    assert (abs(blurred[:, 6:80] - mean).max((0, 2)) > 1e-3).all()


def test_a_region_may_be_the_whole_image():
    everything = np.ones((1, 6, 6), bool)
    for fill in ("mean", "blur"):
        np.testing.assert_allclose(filled(IMAGE, everything, fill), IMAGE.mean())
    np.testing.assert_allclose(filled(IMAGE, everything, 7), 7)


def test_content_is_laid_into_the_other_region():
    there = np.zeros((1, 6, 6), bool)
    there[0, 4:, 3:5] = True
    result = pasted(np.zeros((1, 6, 6, 1)), there, IMAGE, CORNER)
    np.testing.assert_array_equal(result[0, 4:, 3:5], IMAGE[0, :2, :2])
    assert result.sum() == IMAGE[0, :2, :2].sum()


def test_what_lies_in_the_box_but_outside_the_region_stays():
    corner = np.array([[[True, True], [True, False]]])  # three of four pixels
    images, donors = np.full((1, 2, 2, 1), 7.0), np.arange(1.0, 5).reshape(1, 2, 2, 1)
    result = pasted(images, corner, donors, np.ones((1, 2, 2), bool))
    np.testing.assert_array_equal(result[0, ..., 0], [[1, 2], [3, 7]])


def test_what_lies_in_the_box_but_outside_the_donors_region_is_not_handed_on():
    """An object before a background: in its place comes the nearest pixel of the background."""
    donors, around = np.arange(25.0).reshape(1, 5, 5, 1), np.ones((1, 5, 5), bool)
    around[0, 1:4, 2] = False  # so the nearest are left and right of it
    here = np.ones((1, 5, 5), bool)
    here[0, 4, 4] = False
    result = pasted(np.full((1, 5, 5, 1), 99.0), here, donors, around)[0, ..., 0]
    beside = np.flatnonzero(here & around)
    np.testing.assert_array_equal(result.ravel()[beside], beside)
    for row in (1, 2, 3):
        assert result[row, 2] in (donors[0, row, 1, 0], donors[0, row, 3, 0], *donors[0, [0, 4], 2, 0])
    assert result[2, 2] in (11, 13)
    assert result[4, 4] == 99


def test_content_is_scaled_to_the_size_of_the_other_region():
    there = np.zeros((1, 6, 6), bool)
    there[0, :4, :4] = True
    result = pasted(np.zeros((1, 6, 6, 1)), there, IMAGE, CORNER)
    np.testing.assert_array_equal(result[0, :4, :4], np.kron(IMAGE[0, :2, :2, 0], np.ones((2, 2)))[..., None])


def test_height_and_width_are_scaled_each_on_its_own():
    content, target = np.arange(6.0).reshape(2, 3), np.zeros((1, 6, 10), bool)
    donor, mask = np.zeros((1, 6, 10, 1)), np.zeros((1, 6, 10), bool)
    donor[0, 3:5, 4:7, 0], mask[0, 3:5, 4:7] = content, True
    for high, wide, rows, columns in ((4, 9, [0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 2, 2, 2]), (1, 2, [0], [0, 1])):
        target[:] = False
        target[0, 1 : 1 + high, :wide] = True
        result = pasted(np.full((1, 6, 10, 1), 9.0), target, donor, mask)
        np.testing.assert_array_equal(result[0, 1 : 1 + high, :wide, 0], content[rows][:, columns])
        assert (result[~target] == 9).all()


def test_other_places_have_the_same_shape_and_overlap_by_at_most_half():
    places = elsewhere(CORNER[0], 8, np.random.default_rng(0))
    assert len(places) == 8
    assert (places.sum((1, 2)) == 4).all()
    assert ((places & CORNER[0]).sum((1, 2)) <= 2).all()
    assert len(elsewhere(np.ones((6, 6), bool), 8, np.random.default_rng(0))) == 0


def test_margins_and_ways_by_hand():
    table = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    np.testing.assert_array_equal(margins(table, np.array([0, 2])), [1, -1])
    np.testing.assert_array_equal(
        way_gone(np.array([4.0, -4.0, 4.0, 0.0, 0.0]), np.array([1.0, 4.0, 6.0, 1.0, 0.0])),
        [0.75, 2, -0.5, np.nan, np.nan],
    )


def test_what_has_moved_is_counted():
    moved = Moved.between(np.array([4.0, 4.0, 4.0, 0.0]), np.array([2.0, -1.0, 3.0, 1.0]))
    assert (moved.half.hits, moved.half.count) == (2, 3)
    assert (moved.flipped.hits, moved.flipped.count) == (1, 3)
    np.testing.assert_allclose(moved.way, [0.5, 1.25, 0.25])


def test_an_unknown_fill_is_refused():
    from keras_saliency import Region

    for fill in ("mean", "blur"):
        assert np.isfinite(filled(IMAGE, CORNER, Region("corner", fill=fill).fill)).all()
    with pytest.raises(ValueError, match="Expected fill to be one of 'mean', 'blur'"):
        Region("corner", fill="median")
