import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency import EigenCAM, explain
from keras_saliency.render.resize import bilinear


def network(activation):
    keras.utils.set_random_seed(0)
    conv = layers.Conv2D(5, 3, activation=activation, name="conv")
    return keras.Sequential([layers.Input((8, 8, 2)), conv, layers.GlobalAveragePooling2D(), layers.Dense(3)])


def projected(places):
    """On the eigenvector of AᵀA with the largest eigenvalue, turned so that the sum is not negative."""
    _, vectors = np.linalg.eigh(places.T @ places)
    along = places @ vectors[:, -1]
    return np.maximum(along * np.sign(along.sum()), 0).reshape(6, 6)


@pytest.mark.parametrize("activation", ["softplus", "linear"])
def test_the_projection_on_the_first_singular_vector(activation, images):
    model = network(activation)
    places = ops.convert_to_numpy(model.get_layer("conv")(images)).astype("float64").reshape(5, 36, 5)
    expected = bilinear(np.array([projected(one) for one in places]), 8, 8)
    found = explain(model, images, EigenCAM("conv")).maps
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.max() > 0.1


def test_a_layer_that_is_turned_round_has_the_same_map(images):
    model = network("linear")
    expected = explain(model, images, EigenCAM("conv")).maps
    model.get_layer("conv").set_weights([-weight for weight in model.get_layer("conv").get_weights()])
    np.testing.assert_allclose(explain(model, images, EigenCAM("conv")).maps, expected, atol=1e-5)
