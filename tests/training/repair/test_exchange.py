"""The arithmetic on hand-made batches, and how often content moves."""

import numpy as np
import pytest

from keras_saliency.checks.experiment.interventions import filled, pasted
from keras_saliency.training.repair.exchange import exchanged, partners_of
from keras_saliency.training.repair.masks import apart

MASK = np.zeros((4, 5), bool)
MASK[1:3, 1] = MASK[1, 2] = True


def batch(count, dtype="float32"):
    """Images whose every value tells which image and which place it is from."""
    return np.arange(count * 40).reshape(count, 4, 5, 2).astype(dtype)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_a_hand_made_batch():
    """Two images of two classes, drawn for sure half of the time: what is drawn has the other's content."""
    images = batch(2)
    seen = set()
    for seed in range(20):
        rows, _ = partners_of(np.array([0, 1]), 0.5, rng(seed))
        by_hand = images.copy()
        for row in rows:
            for y, x in ((1, 1), (2, 1), (1, 2)):
                by_hand[row, y, x] = images[1 - row, y, x]
        np.testing.assert_array_equal(exchanged(images, [MASK], np.array([0, 1]), 0.5, rng(seed)), by_hand)
        seen.add(tuple(rows))
    assert seen == {(), (0,), (1,), (0, 1)}


def test_partners_are_of_other_classes():
    classes = np.array([2, 0, 2, 2, 5, 0])
    met = set()
    for seed in range(200):
        rows, partners = partners_of(classes, 1.0, rng(seed))
        assert (classes[rows] != classes[partners]).all()
        met |= set(zip(rows, partners, strict=True))
    assert met == {(i, j) for i in range(6) for j in range(6) if classes[i] != classes[j]}


@pytest.mark.parametrize("counts", [(5, 5), (8, 2), (1, 3, 6)])
def test_with_probability_one_the_content_is_as_frequent_in_every_class(counts):
    classes = np.repeat(np.arange(len(counts)), counts)
    drawn = np.zeros((len(counts), len(counts)))
    for seed in range(4000):
        source = np.arange(10)
        rows, partners = partners_of(classes, 1.0, rng(seed))
        source[rows] = partners
        np.add.at(drawn, (classes, classes[source]), 1)
    shares = drawn / drawn.sum(1, keepdims=True)
    np.testing.assert_allclose(shares, np.tile(np.array(counts) / 10, (len(counts), 1)), atol=0.03)


@pytest.mark.parametrize(
    ("classes", "probability", "expected"),
    [([0, 1], 0.9, 0.5), ([0, 1, 2, 3], 0.5, 0.5), ([0, 1, 2, 3], 0.9, 0.75), ([7, 7], 0.9, 0.9)],
)
def test_how_often(classes, probability, expected):
    found = [len(partners_of(np.array(classes), probability, rng(seed))[0]) for seed in range(4000)]
    assert abs(np.mean(found) / len(classes) - expected) < 0.02


@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8", "int16"])
def test_a_batch_of_one_class_is_filled_as_the_experiment_fills(dtype):
    images = batch(3, dtype)
    result = exchanged(images, [MASK], np.array([4, 4, 4]), 1.0, rng())
    expected = filled(images.astype("float64"), np.broadcast_to(MASK, (3, 4, 5)))
    expected = np.rint(expected) if dtype in ("uint8", "int16") else expected
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, expected.astype(dtype))


def test_regions_are_drawn_each_for_itself():
    other = np.zeros((4, 5), bool)
    other[3, 4] = True
    images, classes = batch(2), np.array([0, 1])
    seen = set()
    for seed in range(60):
        result = exchanged(images, [MASK, other], classes, 0.5, rng(seed))
        changed = (result != images).any(-1)
        assert not changed[:, ~(MASK | other)].any()
        seen.add((changed[0, 1, 1], changed[0, 3, 4]))
    assert len(seen) == 4


def places(*corners, size=(2, 2)):
    masks = np.zeros((len(corners), 4, 5), bool)
    for mask, corner in zip(masks, corners, strict=True):
        if corner is not None:
            mask[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]] = True
    return masks


def changed_ones(images, masks, want):
    """The result of the first seed at which exactly these images are drawn."""
    classes = np.arange(len(images))
    for seed in range(500):
        rows, partners = partners_of(classes, 0.5, rng(seed))
        if list(rows) == want:
            return exchanged(images, [masks], classes, 0.5, rng(seed)), partners
    raise AssertionError


def test_content_goes_to_the_images_own_region():
    images, masks = batch(2), places((0, 0), (2, 3))
    result, _ = changed_ones(images, masks, [0])
    by_hand = images.copy()
    by_hand[0, :2, :2] = images[1, 2:, 3:]
    np.testing.assert_array_equal(result, by_hand)
    np.testing.assert_array_equal(result[:1], pasted(images[:1], masks[:1], images[1:], masks[1:]))


def test_content_keeps_its_place_in_an_image_without_the_region():
    images, masks = batch(2), places(None, (2, 3))
    result, _ = changed_ones(images, masks, [0])
    by_hand = images.copy()
    by_hand[0, 2:, 3:] = images[1, 2:, 3:]
    np.testing.assert_array_equal(result, by_hand)


def test_from_an_image_without_the_region_comes_nothing():
    images, masks = batch(2), places((1, 1), None)
    result, _ = changed_ones(images, masks, [0])
    expected = images.copy()
    expected[:1] = filled(images[:1], masks[:1])
    np.testing.assert_array_equal(result, expected)


def test_both_without_a_region_stay_as_they_are():
    images = batch(2)
    result, _ = changed_ones(images, places(None, None), [0, 1])
    np.testing.assert_array_equal(result, images)


def test_a_batch_of_one_class_with_regions_of_its_own_is_filled():
    images, masks = batch(3), places((1, 1), None, (2, 3))
    result = exchanged(images, [masks], np.array([1, 1, 1]), 1.0, rng())
    expected = images.copy()
    expected[[0, 2]] = filled(images[[0, 2]], masks[[0, 2]])
    np.testing.assert_array_equal(result, expected)


def test_regions_that_overlap_are_drawn_as_one():
    one, two, far = (places(corner)[0] for corner in ((0, 0), (1, 1), (2, 3)))
    found = apart([one, far, two])
    assert [mask.sum() for mask in found] == [4, 7]
    np.testing.assert_array_equal(found[1], one | two)
    np.testing.assert_array_equal(apart([one, two, far, one | far])[0], one | two | far)
