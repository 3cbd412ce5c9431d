"""What a method says that it costs is what it makes the model do."""

import keras
import numpy as np
import pytest

from keras_saliency import RISE
from keras_saliency.engine import ScoredModel
from keras_saliency.methods import METHODS
from keras_saliency.probes.targets import as_target, bind
from tests import answers
from tests.methods.transformers import transformer

IMAGES = np.random.default_rng(0).uniform(0, 1, (3, 12, 12, 1)).astype("float32")
CHANNELS, PATCHES = 6, 25
OF_ATTENTION = ("attention_map", "attention_rollout", "transformer_attribution", "legrad")
COSTS = {
    "1 forward pass": lambda method: (1, 1),
    "1 forward and 1 backward pass": lambda method: (1, 1),
    "2 forward and 2 backward passes": lambda method: (2, 2),
    "samples × the wrapped method, and 1 forward pass": lambda method: (method.samples + 1,) * 2,
    "steps forward and backward passes, and 2 forward passes": lambda method: (method.steps + 2,) * 2,
    "samples forward passes, and 1 forward pass": lambda method: (method.samples + 1,) * 2,
    "1 forward pass, and 1 for every patch": lambda method: (1 + PATCHES,) * 2,
    "2 forward passes, and 1 for every channel": lambda method: (2 + CHANNELS,) * 2,
    "samples forward and backward passes, and up to as many forward passes, and 1": (
        lambda method: (method.samples + 1, 2 * method.samples + 1)
    ),
    "9 to max_steps forward and backward passes, as many as an image needs, and 1 forward pass": (
        lambda method: (9 + 1, method.max_steps + 1)
    ),
    "the wrapped method (18 or more forward and backward passes, and 1 forward pass), and a segmentation": (
        lambda method: (18 + 1, 2 * 256 + 1)
    ),
}
"""The least and the most passes for each image, by what a method says."""


def network(dtype):
    """A convolution with ReLUs."""
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((12, 12, 1), dtype=dtype),
        keras.layers.Rescaling(1.0),
        keras.layers.Conv2D(CHANNELS, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    return ScoredModel(keras.Sequential(layers))


@pytest.fixture(scope="module")
def of_pixels():
    return network("float32")


@pytest.fixture(scope="module")
def of_integers():
    return network("uint8")


@pytest.fixture(scope="module")
def of_attention():
    return ScoredModel(transformer(12, 1, patch=4))


def passes(method, scored, images):
    """How many passes each image took."""
    before, target = scored.evaluations, bind(as_target("predicted"), len(images), None)
    answers.explained(method, scored, images, target, np.random.default_rng(0))
    return (scored.evaluations - before) / len(images)


@pytest.mark.parametrize("kind", METHODS.built_in().values(), ids=list(METHODS.built_in()))
def test_it_costs_what_it_says(kind, of_pixels, of_attention):
    method = RISE(samples=64) if kind is RISE else kind()
    spent = passes(method, of_attention if method.registered in OF_ATTENTION else of_pixels, IMAGES)
    least, most = COSTS[method.cost](method)
    assert least <= spent <= most


@pytest.mark.parametrize("name", ["smoothgrad", "occlusion", "score_cam", "guided_integrated_gradients"])
def test_behind_integers_it_costs_a_pass_more(name, of_integers):
    method = METHODS.find(name)()
    (cost,) = set(COSTS[method.cost](method))
    assert passes(method, of_integers, (255 * IMAGES).astype("uint8")) == cost + 1


@pytest.mark.parametrize(
    "name", ["gradient", "input_x_gradient", "guided_backprop", "grad_cam", "activations"]
)
def test_behind_integers_gradients_cost_no_more(name, of_integers):
    assert passes(METHODS.find(name)(), of_integers, (255 * IMAGES).astype("uint8")) == 1
