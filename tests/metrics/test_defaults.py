"""What a caller gets who gives no options, and the least that options may be."""

import inspect

import numpy as np
import pytest

from keras_saliency import metrics
from keras_saliency.metrics.answers import scores_of
from keras_saliency.metrics.rows import in_blocks

CURVES = {"baseline": 0.0, "steps": 20, "channel_axis": -1}
DEFAULTS = {
    "deletion_curve": CURVES,
    "insertion_curve": CURVES,
    "deletion_area": CURVES,
    "insertion_area": CURVES,
    "random_order_areas": CURVES | {"orders": 20},
}
IMAGES = np.random.default_rng(0).random((3, 4, 5))


def total(images):
    return images.sum((1, 2))


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_what_the_docs_promise(name):
    parameters = inspect.signature(getattr(metrics, name)).parameters.values()
    given = {one.name: one.default for one in parameters if one.default is not inspect.Parameter.empty}
    assert given == DEFAULTS[name]


def test_one_order_and_one_step_are_enough():
    found = metrics.random_order_areas("deletion", IMAGES, total, np.random.default_rng(0), orders=1, steps=1)
    # One step takes everything out at once: the mean of the score before and after, which is 0.
    np.testing.assert_allclose(found, [total(IMAGES) / 2])
    one = metrics.deletion_curve(IMAGES, IMAGES, total, np.random.default_rng(0), steps=1)
    np.testing.assert_allclose(one.scores, np.stack([total(IMAGES), np.zeros(3)], axis=1))


def test_scores_are_counted_in_double_precision():
    assert scores_of(lambda images: total(images).astype("float32"), IMAGES).dtype == np.float64


def test_a_region_of_one_pixel_is_hit_or_missed():
    magnitude = np.arange(6.0).reshape(1, 2, 3)
    for place, hit in ((5, 1), (4, 0), (0, 0)):
        region = (np.arange(6) == place).reshape(2, 3)
        assert metrics.relevance_rank_accuracy(magnitude, region) == [hit]


def test_blocks_of_small_maps_hold_many():
    many = np.random.default_rng(1).random((70, 4, 5))
    sizes = []
    found = in_blocks(lambda maps: sizes.append(len(maps)) or total(maps), many)
    np.testing.assert_array_equal(found, total(many))
    assert sizes == [70]
