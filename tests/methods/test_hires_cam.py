import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency import GradCAM, HiResCAM, explain
from keras_saliency.render.resize import bilinear


def network(*head):
    keras.utils.set_random_seed(0)
    conv = layers.Conv2D(6, 3, activation="relu", bias_initializer="ones", name="conv")
    return keras.Sequential([layers.Input((8, 8, 2)), conv, *head, layers.Dense(3, name="head")])


def activations(model, images):
    return ops.convert_to_numpy(model.get_layer("conv")(images)).astype("float64")


@pytest.mark.parametrize("target", [0, 2])
def test_behind_global_pooling_it_is_grad_cam(target, images):
    """There each place's gradient is the mean: Σ weight × activation ÷ places."""
    model = network(layers.GlobalAveragePooling2D())
    kernel = ops.convert_to_numpy(model.get_layer("head").kernel)[:, target]
    expected = (kernel * activations(model, images)).sum(-1) / 36
    found = explain(model, images, HiResCAM(), target).maps
    np.testing.assert_allclose(found, bilinear(expected, 8, 8), atol=1e-6)
    np.testing.assert_allclose(found, explain(model, images, GradCAM(relu=False), target).maps, atol=1e-6)
    assert (found < 0).any()


def test_behind_a_dense_layer_each_place_has_its_own_weight(images):
    """Its places add up to the score without its bias; Grad-CAM's do not."""
    model = network(layers.Flatten())
    kernel = ops.convert_to_numpy(model.get_layer("head").kernel)[:, 1].reshape(6, 6, 6)
    expected = (kernel * activations(model, images)).sum(-1)
    explanation = explain(model, images, HiResCAM(), 1)
    np.testing.assert_allclose(explanation.maps, bilinear(expected, 8, 8), atol=1e-5)
    np.testing.assert_allclose(expected.sum((1, 2)), explanation.scores, rtol=1e-4)  # the bias is zero
    grad_cam = explain(model, images, GradCAM(relu=False), 1).maps
    assert np.abs(explanation.maps - grad_cam).max() > 0.1 * np.abs(grad_cam).max()
