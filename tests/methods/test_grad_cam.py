import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency import GradCAM
from keras_saliency.engine import ScoredModel
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from keras_saliency.render.resize import bilinear
from tests import answers


def run(method, model, images, target=0, **options):
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, ScoredModel(model, **options), images, bound, np.random.default_rng(0))


@pytest.fixture
def pooling():
    """A network that ends in global average pooling and one dense layer."""
    keras.utils.set_random_seed(0)
    mostly_positive = keras.initializers.RandomUniform(-0.5, 1.0)
    return keras.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Conv2D(6, 3, activation="relu", bias_initializer="ones", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", name="head", kernel_initializer=mostly_positive),
        ]
    )


def class_activation_map(model, images, index):
    """Σ weight × activation ÷ positions: Zhou et al. 2016, which Grad-CAM is for such a network."""
    activations = ops.convert_to_numpy(model.get_layer("conv")(images)).astype("float64")
    weights = ops.convert_to_numpy(model.get_layer("head").kernel)[:, index]
    return (weights * activations).sum(-1) / 36


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("target", [0, 1, OutputGradient(np.array([0.0, 0.0, 1.0]))])
def test_behind_global_pooling_it_is_the_class_activation_map(relu, target, pooling, images):
    index = 2 if isinstance(target, OutputGradient) else target
    expected = class_activation_map(pooling, images, index)
    if index == 2:
        pooling.get_layer("head").activation = keras.activations.linear  # outputs are logits now
    found = run(GradCAM(relu=relu), pooling, images, target).maps
    expected = bilinear(np.maximum(expected, 0) if relu else expected, 8, 8)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(expected).max() > 1e-3


def test_the_sign_is_told(pooling, images):
    assert not GradCAM().has_sign
    assert GradCAM(relu=False).has_sign
    kernel, bias = pooling.get_layer("head").get_weights()
    pooling.get_layer("head").set_weights([-np.abs(kernel), bias])
    assert (run(GradCAM(relu=False), pooling, images).maps < 0).any()
    assert GradCAM() != GradCAM(relu=False)


@pytest.mark.parametrize("relu", ["yes", 1, None])
def test_relu_is_a_switch(relu):
    with pytest.raises(TypeError, match="Expected relu to be True or False. Received: relu="):
        GradCAM(relu=relu)


def test_a_class_that_everything_speaks_against_has_an_empty_map(pooling, images):
    kernel, bias = pooling.get_layer("head").get_weights()
    pooling.get_layer("head").set_weights([-np.abs(kernel), bias])
    assert not run(GradCAM(), pooling, images).maps.any()


def test_the_predicted_class_is_each_images_own(pooling, images):
    found = run(GradCAM(relu=False), pooling, images, "predicted")
    for row, index in enumerate(found.scores.predicted_classes):
        expected = bilinear(class_activation_map(pooling, images, index)[row : row + 1], 8, 8)
        np.testing.assert_allclose(found.maps[row : row + 1], expected, atol=1e-6)
