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


def test_a_blur_continues_what_is_around():
    ramp = np.broadcast_to(np.arange(12.0)[:, None, None], (1, 12, 12, 1))
    mask = np.zeros((1, 12, 12), bool)
    mask[0, 5:7, 5:7] = True
    changed = np.where(mask[..., None], 99.0, ramp)
    blurred = filled(changed, mask, "blur")
    assert np.abs(blurred - ramp).max() < 0.6
    assert blurred[0, 5, 5, 0] < blurred[0, 6, 5, 0]


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


def test_content_is_scaled_to_the_size_of_the_other_region():
    there = np.zeros((1, 6, 6), bool)
    there[0, :4, :4] = True
    result = pasted(np.zeros((1, 6, 6, 1)), there, IMAGE, CORNER)
    np.testing.assert_array_equal(result[0, :4, :4], np.kron(IMAGE[0, :2, :2, 0], np.ones((2, 2)))[..., None])


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
        way_gone(np.array([4.0, -4.0, 4.0]), np.array([1.0, 4.0, 6.0])), [0.75, 2, -0.5]
    )


def test_what_has_moved_is_counted():
    moved = Moved.between(np.array([4.0, 4.0, 4.0, 0.0]), np.array([2.0, -1.0, 3.0, 1.0]))
    assert (moved.half.hits, moved.half.count) == (2, 3)
    assert (moved.flipped.hits, moved.flipped.count) == (1, 3)
    np.testing.assert_allclose(moved.way, [0.5, 1.25, 0.25])


def test_an_unknown_fill_is_refused():
    from keras_saliency import Region

    with pytest.raises(ValueError, match="Expected fill to be one of 'mean', 'blur'"):
        Region("corner", fill="median")
