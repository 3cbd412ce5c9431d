"""RISE against its own definition and against networks whose answer is known."""

from unittest import mock

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.ndimage import zoom

from keras_saliency import RISE
from keras_saliency.engine import ExplainedImage, Question, ScoredModel
from keras_saliency.methods import rise
from keras_saliency.methods.rise import _enlarged
from keras_saliency.probes.targets import as_target, bind
from tests import answers


class ReadsOnePixel(keras.Model):
    """The score is the value of one pixel, plus a large constant."""

    def call(self, inputs):
        return inputs[:, 3, 9, :1] + 100.0


def run(method, model, images, target="predicted"):
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, ScoredModel(model), images, bound, np.random.default_rng(0))


def some(*shape):
    return np.random.default_rng(1).uniform(0.5, 1, shape).astype("float32")


def test_it_finds_the_only_pixel_that_matters():
    images = some(2, 12, 14, 2)
    maps = run(RISE(samples=400, cells=4), ReadsOnePixel(), images).maps
    for found, image in zip(maps, images, strict=True):
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert abs(row - 3) <= 1
        assert abs(column - 9) <= 1
        # Seen half on average: the pixel's own value is what its mask explains of the score.
        assert 0.1 * image[3, 9, 0] < found[3, 9] < 0.5 * image[3, 9, 0]
        assert np.abs(found[9:, :3]).max() < found[3, 9] / 3


def test_it_is_its_definition():
    """The mean over the masks of score × mask, over that of the masks, minus the mean score: written out."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [layers.Input((6, 8, 2)), layers.Flatten(), layers.Dense(5, "tanh"), layers.Dense(2)]
    )
    images, method = some(2, 6, 8, 2), RISE(samples=10, cells=3, fill="mean")
    scored, bound = ScoredModel(model), bind(as_target(1), 2, None)
    image = Question(scored, images, bound).image
    masks = np.concatenate(list(method._masks(image, np.random.default_rng(0)))).astype("float64")
    expected = []
    for picture in images.astype("float64"):
        fill = picture.mean((0, 1))
        shown = (fill + mask[..., None] * (picture - fill) for mask in masks)
        scores = [float(ops.convert_to_numpy(model(x[None].astype("float32")))[0, 1]) for x in shown]
        expected.append(np.einsum("m,mhw->hw", scores, masks) / masks.sum(0) - np.mean(scores))
    np.testing.assert_allclose(run(method, model, images, 1).maps, expected, atol=1e-5)


@pytest.mark.parametrize("size", [(6, 8), (7, 7), (20, 13)])
def test_masks_have_the_right_size_and_mean(size):
    model = keras.Sequential([layers.Input((*size, 1)), layers.Flatten(), layers.Dense(1)])
    scored, bound = ScoredModel(model), bind(as_target("predicted"), 1, None)
    image = Question(scored, some(1, *size, 1), bound).image
    method = RISE(samples=2000, cells=4, probability=0.3)
    masks = list(method._masks(image, np.random.default_rng(0)))
    assert [len(part) for part in masks] == [64] * 31 + [16]
    masks = np.concatenate(masks)
    assert masks.shape == (2000, *size)
    assert masks.min() >= 0
    assert masks.max() <= 1
    np.testing.assert_allclose(masks.mean(0), 0.3, atol=0.05)


def test_cells_are_enlarged_and_cut_out_where_the_shifts_say():
    """Three cells of 3 × 2 pixels over 7 × 6, and one more: the shifts are fractions of a cell."""
    grids = np.random.default_rng(0).random((2, 4, 4)) < 0.5
    shifts = np.array([[0.0, 0.99], [0.7, 0.4]])
    found = _enlarged(grids, shifts, ExplainedImage(0, 7, 6, -1))
    large = [zoom(one.astype("float64"), (3, 2), order=1, mode="nearest", grid_mode=True) for one in grids]
    np.testing.assert_allclose(found, [large[0][0:7, 1:7], large[1][2:9, 0:6]], atol=1e-6)


@pytest.mark.parametrize("probability", [0.25, 0.75])
def test_masks_are_spread_evenly(probability):
    """Of each 64 masks every cell of the grid is seen in its share."""
    seen = [
        (grids.sum(0), shifts) for grids, shifts in _drawn(RISE(samples=64, cells=2, probability=probability))
    ]
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0][0], np.full((3, 3), 64 * probability))
    np.testing.assert_array_equal(
        np.sort((seen[0][1] * 64).astype(int), axis=0), np.arange(64)[:, None] + [0, 0]
    )


def _drawn(method):
    """The grids and shifts that a method draws."""
    drawn = []
    with mock.patch.object(rise, "_enlarged", lambda grids, shifts, image: drawn.append((grids, shifts))):
        list(method._masks(ExplainedImage(0, 8, 8, -1), np.random.default_rng(0)))
    return drawn


def test_a_constant_score_gives_zero():
    class Constant(keras.Model):
        def call(self, inputs):
            return 0.0 * ops.sum(inputs, axis=(1, 2, 3))[:, None] + 1234.5

    maps = run(RISE(samples=20), Constant(), some(1, 8, 8, 1)).maps
    np.testing.assert_array_equal(maps, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "Expected samples to be a whole number of at least 1"),
        ({"cells": 0}, "Expected cells to be a whole number of at least 1"),
        ({"probability": 0.0}, "Expected probability to be between 0 and 1"),
        ({"probability": 1.0}, "Expected probability to be between 0 and 1"),
        ({"fill": "black"}, "Expected fill"),
        ({"fill": float("nan")}, "Expected fill"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        RISE(**options)
