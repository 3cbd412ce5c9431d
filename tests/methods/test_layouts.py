"""One network on the same pixels, laid out otherwise: channels first, none at all, and with a vector beside them."""

from functools import cache

import keras
import numpy as np
import pytest
from keras import layers
from scipy.ndimage import gaussian_filter

from keras_saliency import (
    RISE,
    XRAI,
    BlurIntegratedGradients,
    ExpectedGradients,
    GuidedIntegratedGradients,
    IntegratedGradients,
    Occlusion,
    SmoothGradSquared,
    VarGrad,
)
from keras_saliency.engine import ScoredModel
from keras_saliency.probes.targets import as_target, bind
from tests import answers

METHODS = {
    "blur": BlurIntegratedGradients(steps=3, sigma=0.3),
    "guided": GuidedIntegratedGradients(steps=3, baseline="blur"),
    "min": IntegratedGradients(steps=2, baseline="min"),
    "max": IntegratedGradients(steps=2, baseline="max"),
    "mean": IntegratedGradients(steps=2, baseline="mean"),
    "blurred": IntegratedGradients(steps=2, baseline="blur", sigma=0.2),
    "occlusion": Occlusion(patch=2, fill="mean"),
    "rise": RISE(samples=8, cells=3, fill="mean"),
    "xrai": XRAI(method="gradient"),
}
EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (2, 9, 5, 2)).astype("float32")


def run(method, model, images):
    count = len(images[0]) if isinstance(images, list) else len(images)
    bound = bind(as_target(1), count, None)
    return answers.explained(method, model, images, bound, np.random.default_rng(0))


@cache
def network(*shape, data_format=None):
    """Two layers behind a Flatten, which puts channels last in either format: the weights are always the same."""
    keras.utils.set_random_seed(0)
    inside = [layers.Flatten(data_format), layers.Dense(4, activation="tanh"), layers.Dense(2)]
    return ScoredModel(keras.Sequential([layers.Input(shape), *inside]))


@EVERY
def test_channels_first(method):
    expected = run(method, network(9, 5, 2), IMAGES).maps
    found = run(method, network(2, 9, 5, data_format="channels_first"), np.moveaxis(IMAGES, -1, 1)).maps
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(
        np.moveaxis(found, 1, -1) if found.ndim == 4 else found,
        expected,
        rtol=0,
        atol=1e-5 * np.abs(expected).max(),
    )


@EVERY
def test_without_channels(method):
    expected = run(method, network(9, 5, 1), IMAGES[..., :1]).maps.reshape(2, 9, 5)
    found = run(method, network(9, 5), IMAGES[..., 0]).maps
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


VECTORS = np.random.default_rng(1).uniform(-1, 1, (2, 3)).astype("float32")
DARK, ONES = np.zeros((2, 9, 5, 2), "float32"), np.ones((2, 3), "float32")
SOFT = gaussian_filter(IMAGES, (0, 0.9, 0.9, 0), mode="nearest")


@pytest.mark.parametrize(
    ("method", "vector", "image"),
    [
        (IntegratedGradients(steps=2, baseline=[0.5, 1]), VECTORS - 0.75, IMAGES - 0.75),
        (GuidedIntegratedGradients(steps=3, baseline=0.25), VECTORS - 0.25, IMAGES - 0.25),
        (GuidedIntegratedGradients(steps=3, baseline="blur"), 0 * VECTORS, IMAGES - SOFT),
        (ExpectedGradients([ONES, DARK], samples=4), VECTORS - 1, IMAGES),
    ],
    ids=["integrated", "guided", "guided from a blur", "expected"],
)
def test_beside_a_vector_each_gets_weight_times_its_way(method, vector, image, plane):
    """A blurred image stands beside the vector as it is."""
    model, of_vector, of_image = plane
    found = run(method, model, [VECTORS, IMAGES])
    np.testing.assert_allclose(found.maps[0], of_vector * vector, atol=1e-5)
    np.testing.assert_allclose(found.maps[1], of_image * image, atol=1e-5)
    np.testing.assert_allclose(found.diagnostics["completeness_delta"], 0, atol=1e-4)


def test_beside_a_vector_the_image_alone_is_changed(plane):
    model, _, of_image = plane
    blurred = run(BlurIntegratedGradients(steps=2), model, [VECTORS, IMAGES]).maps
    assert not blurred[0].any()
    assert np.abs(blurred[1]).min() > 0
    occluded = run(Occlusion(patch=1), model, [VECTORS, IMAGES]).maps
    np.testing.assert_allclose(occluded, (of_image * IMAGES).sum(-1), atol=1e-5)


def test_beside_a_vector_squares_and_variances_are_of_each(plane):
    model, of_vector, of_image = plane
    squares = run(SmoothGradSquared(samples=3), model, [VECTORS, IMAGES]).maps
    np.testing.assert_allclose(squares[0], [of_vector**2] * 2, rtol=1e-5)
    np.testing.assert_allclose(squares[1], [of_image**2] * 2, rtol=1e-5)
    assert all(not leaf.any() for leaf in run(VarGrad(samples=3), model, [VECTORS, IMAGES]).maps)


@pytest.fixture(scope="module")
def plane():
    """A linear model of a vector and an image, and the weights of its class 1 for each."""
    vector, image = keras.Input((3,)), keras.Input((9, 5, 2))
    joined = layers.Concatenate()([vector, layers.Flatten()(image)])
    model = keras.Model([vector, image], layers.Dense(2)(joined))
    weights = model.layers[-1].get_weights()[0][:, 1]
    return ScoredModel(model), weights[:3], weights[3:].reshape(9, 5, 2)
