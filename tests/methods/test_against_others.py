"""The same maps from independent libraries: PAIR's `saliency` on any backend, captum where Keras runs on PyTorch."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.ndimage import zoom
from skimage import data

from keras_saliency import (
    BlurIntegratedGradients,
    Gradient,
    GuidedIntegratedGradients,
    InputXGradient,
    IntegratedGradients,
    Occlusion,
)
from keras_saliency.engine import ScoredModel
from keras_saliency.methods.shared.segments import segment_masks
from keras_saliency.methods.xrai import _by_region
from keras_saliency.probes.targets import as_target, bind
from tests import answers

pair = pytest.importorskip("saliency.core")


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input((24, 24, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(6, activation="tanh"),
            layers.Dense(3),
        ]
    )


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(1).uniform(0, 1, (24, 24, 3)).astype("float32")


def ours(method, network, image):
    target = bind(as_target(1), 1, None)
    return answers.explained(
        method, ScoredModel(network), image[None], target, np.random.default_rng(0)
    ).maps[0]


def calls(network):
    """The network as PAIR's library calls it: gradients of class 1 for a batch."""
    scored = ScoredModel(network)

    def call(images, call_model_args=None, expected_keys=None):
        images = np.asarray(images, "float32")
        return {
            expected_keys[0]: answers.gradients(scored, images, bind(as_target(1), len(images), None)).maps
        }

    return call


def test_guided_integrated_gradients(network, image, monkeypatch):
    quantile = np.quantile  # numpy renamed the option that PAIR's library uses
    monkeypatch.setattr(np, "quantile", lambda a, q, interpolation: quantile(a, q, method=interpolation))
    theirs = pair.GuidedIG().GetMask(image, calls(network), x_baseline=np.zeros_like(image), x_steps=20)
    found = ours(GuidedIntegratedGradients(steps=20), network, image)
    np.testing.assert_allclose(found, theirs, atol=1e-3 * np.abs(theirs).max())


def test_integrated_gradients(network, image):
    theirs = pair.IntegratedGradients().GetMask(
        image, calls(network), x_baseline=np.zeros_like(image), x_steps=400, batch_size=32
    )
    found = ours(IntegratedGradients(steps=200), network, image)
    np.testing.assert_allclose(found, theirs, atol=0.02 * np.abs(theirs).max())


def test_blur_integrated_gradients(network, image):
    """Theirs takes finite differences of the blur, and darkness beyond the borders: the middle agrees."""
    theirs = pair.BlurIG().GetMask(image, calls(network), max_sigma=3, steps=200, grad_step=0.01)
    found = ours(BlurIntegratedGradients(steps=64, sigma=3 / 24), network, image)
    middle = (slice(8, 16), slice(8, 16))
    assert np.corrcoef(found[middle].ravel(), theirs[middle].ravel())[0, 1] > 0.95


def test_regions_of_a_photograph():
    """From the same attribution, at the size that the segmentation works at."""
    photograph = data.astronaut()[60:284, 100:324] / np.float32(255)
    attribution = zoom(np.random.default_rng(0).normal(size=(14, 14)), 16, order=1).astype("float32")
    theirs = pair.XRAI().GetMask(
        photograph, None, base_attribution=np.repeat(attribution[..., None], 3, axis=-1)
    )
    found = _by_region(attribution, segment_masks(photograph))
    assert np.corrcoef(found.ravel(), theirs.ravel())[0, 1] > 0.95


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="captum explains PyTorch modules")
@pytest.mark.parametrize("name", ["gradient", "input_x_gradient", "integrated_gradients", "occlusion"])
def test_captum_on_the_same_module(name, network, image):
    captum = pytest.importorskip("captum.attr")
    torch = pytest.importorskip("torch")
    inputs = torch.tensor(image[None], requires_grad=True)
    if name == "gradient":
        theirs, method = captum.Saliency(network).attribute(inputs, target=1, abs=False), Gradient()
    elif name == "input_x_gradient":
        theirs, method = captum.InputXGradient(network).attribute(inputs, target=1), InputXGradient()
    elif name == "integrated_gradients":
        theirs = captum.IntegratedGradients(network).attribute(
            inputs, target=1, n_steps=32, method="riemann_middle"
        )
        method = IntegratedGradients(steps=32)
    else:
        theirs = captum.Occlusion(network).attribute(
            inputs, (4, 4, 3), strides=(4, 4, 3), target=1, baselines=0.0
        )[..., 0]
        method = Occlusion(patch=4, stride=4)
    theirs = theirs.detach().numpy()[0]
    np.testing.assert_allclose(ours(method, network, image), theirs, atol=2e-5 * max(1, np.abs(theirs).max()))
