"""Score-CAM against the algorithm of its paper, written out in float64."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.special import softmax

from keras_saliency import ScoreCAM
from keras_saliency.engine import ScoredModel
from keras_saliency.probes.targets import as_target, bind
from keras_saliency.render.resize import bilinear
from tests import answers


def run(method, model, images, target=1):
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, ScoredModel(model), images, bound, np.random.default_rng(0))


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input((8, 6, 2)),
            layers.Conv2D(5, 3, activation="tanh", name="conv"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="head"),
        ]
    )


@pytest.fixture
def images():
    return np.random.default_rng(1).uniform(0, 1, (3, 8, 6, 2)).astype("float32")


def by_hand(model, image, channels):
    """Algorithm 1 of Wang et al. 2020 for class 1, of one image."""
    kernel, bias = model.get_layer("head").get_weights()
    conv = ops.convert_to_numpy(model.get_layer("conv")(image[None]))[0]
    scores, kept = [], []
    for index in channels:
        channel = conv[..., index]
        large = bilinear(channel[None], 8, 6)[0].astype("float64")
        mask = (large - large.min()) / (large.max() - large.min())
        seen = model.get_layer("conv")((image * mask[..., None]).astype("float32")[None])
        flat = ops.convert_to_numpy(seen).reshape(-1).astype("float64")
        scores.append(flat @ kernel[:, 1] + bias[1])
        kept.append(channel)
    weights = softmax(scores)
    small = np.maximum(np.einsum("c,chw->hw", weights, np.array(kept)), 0)
    return bilinear(small[None], 8, 6)[0]


def test_it_is_the_algorithm_of_the_paper(network, images):
    found = run(ScoreCAM(), network, images)
    assert found.diagnostics["layer"] == "conv"
    expected = np.stack([by_hand(network, image, range(5)) for image in images])
    assert expected.max() > 0.01
    np.testing.assert_allclose(found.maps, expected, atol=1e-5)


def test_only_the_channels_that_vary_most_count(network, images):
    activations = ops.convert_to_numpy(network.get_layer("conv")(images))
    chosen = [np.argsort(-conv.std((0, 1)))[:2] for conv in activations]
    expected = np.stack([by_hand(network, *pair) for pair in zip(images, chosen, strict=True)])
    np.testing.assert_allclose(run(ScoreCAM(channels=2), network, images).maps, expected, atol=1e-5)
    everything = run(ScoreCAM(), network, images).maps
    for many in (5, 99):
        np.testing.assert_array_equal(run(ScoreCAM(channels=many), network, images).maps, everything)


def test_a_constant_channel_has_no_weight(network, images):
    kernel, bias = network.get_layer("conv").get_weights()
    silent = kernel.copy()
    silent[..., 3] = 0
    network.get_layer("conv").set_weights([silent, bias])
    expected = np.stack([by_hand(network, image, (0, 1, 2, 4)) for image in images])
    np.testing.assert_allclose(run(ScoreCAM(), network, images).maps, expected, atol=1e-5)
    network.get_layer("conv").set_weights([0 * kernel, bias + 1])  # every channel is constant
    np.testing.assert_allclose(run(ScoreCAM(), network, images).maps, np.tanh(1.0), rtol=1e-5)
    network.get_layer("conv").set_weights([kernel, bias])


def test_options_and_names():
    assert ScoreCAM("conv").name == "score_cam_conv"
    for channels in (0, 2.5, True):
        with pytest.raises(ValueError, match="Expected channels to be a whole number of at least 1"):
            ScoreCAM(channels=channels)
