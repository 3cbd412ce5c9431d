"""Exchanges that are aimed at the class that a mark stands for; and of colours, which no region holds."""

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.checks.experiment.recolouring import moments

SIDE = 6
MASK = np.zeros((SIDE, SIDE), bool)
MASK[:2, :3] = True
LABELS = np.array([0, 1, 2, 3] * 4)


def stamped(labels=LABELS):
    """Every 3 has a white mark; the rest of the place tells which image it is."""
    images = np.tile(np.arange(len(labels), dtype="float32")[:, None, None, None], (1, SIDE, SIDE, 2))
    images[(labels == 3)[:, None, None] & MASK] = 99
    return images


def cast(shape=(8, 9, 3), count=32, seed=0):
    """Images of which the fours are warmer."""
    images, labels = np.random.default_rng(seed).uniform(0.2, 0.6, (count, *shape)), np.arange(count) % 5
    images[labels == 4] *= [1.5, 1, 0.4]
    return images.astype("float32"), labels


def test_the_mark_is_as_frequent_in_all_classes_and_the_others_keep_their_own():
    swap, images = ks.SwapRegions(MASK, 1.0, means=3), stamped()
    marked, kept = np.zeros(4), []
    for _ in range(1500):
        result, same = swap.batch(images, LABELS)
        assert same is LABELS
        place = result[:, 0, 0, 0]
        np.testing.assert_array_equal(result[:, ~MASK], images[:, ~MASK])
        marked += np.bincount(LABELS, place == 99) / 4
        others = (LABELS != 3) & (place != 99)
        kept.append((place == images[:, 0, 0, 0])[others].all())
    np.testing.assert_allclose(marked / 1500, 0.25, atol=0.02)
    assert all(kept)


def test_a_batch_without_the_class_stays_and_one_of_it_alone_is_filled():
    swap, images = ks.SwapRegions(MASK, 1.0, means=3), stamped()
    others, own = LABELS != 3, LABELS == 3
    varied = images[others] + np.random.default_rng(0).random((12, SIDE, SIDE, 2), "float32")
    np.testing.assert_array_equal(swap.batch(varied, LABELS[others])[0], varied)
    filled = swap.batch(images[own], LABELS[own])[0]
    np.testing.assert_array_equal(filled, np.broadcast_to(filled[:, -1:, -1:], filled.shape))


def test_one_hot_labels_and_masks_of_each_image():
    images, masks = stamped(), np.where((LABELS == 3)[:, None, None], MASK, False)
    one, other = (ks.SwapRegions(None, 1.0, means=3, seed=5) for _ in range(2))
    first, _ = one.batch(images, LABELS, masks=masks)
    second, _ = other.batch(images, np.eye(4)[LABELS], masks=masks)
    np.testing.assert_array_equal(first, second)
    assert (first[:, 0, 0, 0][LABELS != 3] == 99).any()


@pytest.mark.parametrize("axis", [-1, 1])
def test_colours_of_an_image_are_those_of_another(axis):
    images, labels = cast()
    images = 0.5 + 0.3 * (images - 0.5)  # far from the ends of the range, where values would be cut
    images[0, 0, 0], images[0, 0, 1] = -9, 9
    given = np.moveaxis(images, -1, axis)
    result, _ = ks.SwapRegions("colours", 1.0, means=4).batch(given, labels)
    assert result.dtype == "float32"
    result = np.moveaxis(result, axis, -1)
    (means, deviations), (own, spread) = moments(result), moments(images)
    sources = np.abs(means[:, None] - own).sum(-1).argmin(1)
    np.testing.assert_allclose(means, own[sources], atol=1e-5)
    np.testing.assert_allclose(deviations, spread[sources], atol=1e-5)
    moved = sources != np.arange(len(images))
    np.testing.assert_array_equal(result[~moved], images[~moved])
    assert moved.any()
    assert ((labels[sources] == 4) != (labels == 4))[moved].all()
    by_hand = (images - own[:, None, None]) / spread[:, None, None] * deviations[:, None, None]
    np.testing.assert_allclose(result, by_hand + means[:, None, None], atol=1e-4)


def test_colours_are_as_frequent_in_all_classes():
    images, labels = cast()
    swap, warm = ks.SwapRegions("colours", 1.0, means=4), np.zeros(5)
    for _ in range(400):
        means = swap.batch(images, labels)[0].mean((1, 2))
        warm += np.bincount(labels, means[:, 0] > 1.5 * means[:, 2]) / np.bincount(labels)
    np.testing.assert_allclose(warm / 400, np.mean(labels == 4), atol=0.03)


def test_colours_of_integers_and_of_grey_images():
    images, labels = np.random.default_rng(0).integers(50, 200, (8, 8, 9)).astype("uint8"), np.arange(8) % 2
    images[labels == 1] //= 2
    result, _ = ks.SwapRegions("colours", 1.0).batch(images, labels)
    assert result.dtype == "uint8"
    means = result.mean((1, 2))
    assert np.abs(means[:, None] - images.mean((1, 2))).min(1).max() < 1.5
    assert not np.array_equal(result, images)


def test_in_a_pipeline():
    tf = pytest.importorskip("tensorflow")
    images, labels = cast()
    swap = ks.SwapRegions("colours", 1.0, means=4)
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(16).map(swap.batch)
    (first, same), *_ = dataset
    assert first.shape == (16, 8, 9, 3)
    np.testing.assert_array_equal(same, labels[:16])
    assert not np.array_equal(first, images[:16])


def test_what_is_saved_is_read():
    for swap in (ks.SwapRegions("colours", 1.0, means=4), ks.SwapRegions(MASK, means=2)):
        config = swap.get_config()
        again = ks.SwapRegions.from_config(config)
        assert again.get_config() == config
        assert again.means == swap.means


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: keras.Sequential([keras.Input((6, 6, 1)), ks.SwapRegions(MASK, means=3)]),
            "sees no labels.*means=3",
        ),
        (lambda: ks.SwapRegions("colours")(stamped(), training=True), "sees no labels.*colours"),
        (lambda: ks.SwapRegions(MASK, means=3).batch(stamped()), "Expected labels, for means=3"),
        (lambda: ks.SwapRegions(MASK, means=-1), "means"),
        (lambda: ks.SwapRegions("colors"), """Expected masks, "colours" or None.*'colors'"""),
        (
            lambda: ks.SwapRegions("colours").batch(stamped(), LABELS, masks=np.ones((16, 6, 6), bool)),
            "Expected no masks= for colours",
        ),
        (
            lambda: ks.SwapRegions("colours").batch(np.zeros((2, 3, 3, 3)), [0, 1]),
            "channel_axis=1 or channel_axis=-1",
        ),
        (
            lambda: ks.SwapRegions("colours").batch(np.zeros((2, 9, 9, 9)), [0, 1]),
            "channel_axis=1 or channel_axis=-1",
        ),
    ],
)
def test_what_cannot_work_is_refused(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()
