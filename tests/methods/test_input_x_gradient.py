import keras
import numpy as np
from keras import layers

from keras_saliency import Gradient, InputXGradient
from keras_saliency.engine import ScoredModel
from keras_saliency.probes.targets import as_target, bind
from tests import answers


def run(method, model, inputs, count):
    return answers.explained(
        method, ScoredModel(model), inputs, bind(as_target(1), count, None), np.random.default_rng(0)
    ).maps


def test_a_linear_model_in_closed_form():
    model = keras.Sequential([layers.Input((4, 4, 2)), layers.Flatten(), layers.Dense(2)])
    images = np.random.default_rng(0).normal(size=(3, 4, 4, 2)).astype("float32")
    weights = model.layers[-1].get_weights()[0][:, 1].reshape(4, 4, 2)
    np.testing.assert_allclose(run(InputXGradient(), model, images, 3), weights * images, atol=1e-6)


def test_bytes_in_the_units_of_the_tensor_behind_them():
    """The products do not depend on where the tensor is tapped: they sum to the score without its bias."""
    model = keras.Sequential(
        [layers.Input((4, 4, 2), dtype="uint8"), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2)]
    )
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 2), dtype="uint8")
    weights = model.layers[-1].get_weights()[0][:, 1].reshape(4, 4, 2)
    np.testing.assert_allclose(
        run(InputXGradient(), model, pixels, 3), weights * (pixels.astype("float32") / 255), atol=1e-6
    )


def test_several_inputs():
    image, vector = keras.Input((4, 4, 1)), keras.Input((3,))
    joined = layers.Concatenate()([layers.Flatten()(image), vector])
    model = keras.Model([image, vector], layers.Dense(2)(layers.Dense(4, activation="tanh")(joined)))
    rng = np.random.default_rng(0)
    inputs = [rng.random((2, 4, 4, 1), "float32"), rng.random((2, 3), "float32")]
    found, gradients = (run(method, model, inputs, 2) for method in (InputXGradient(), Gradient()))
    for product, gradient, values in zip(found, gradients, inputs, strict=True):
        np.testing.assert_array_equal(product, gradient * values)
