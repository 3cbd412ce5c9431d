"""Whether an output consists of probabilities is a fact about the model, whatever the images and the weights are."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks
from keras_saliency.errors import LogitsNotFoundError

from .networks import images

INPUTS = images(3, 3, 1)


class Ending(keras.Model):
    """A dense layer, and an ending of one's own."""

    def __init__(self, ending, units=3, scale=1.0):
        super().__init__()
        self.flatten = layers.Flatten()
        self.dense = layers.Dense(units, kernel_initializer=keras.initializers.RandomNormal(stddev=scale))
        self.ending = ending

    def call(self, inputs):
        return self.ending(self.dense(self.flatten(inputs)))


class OwnLayer(layers.Layer):
    """A layer whose activation is not what its output went through last."""

    def __init__(self):
        super().__init__()
        self.activation = keras.activations.relu

    def call(self, inputs):
        return 1 / (1 + ops.exp(-self.activation(inputs)))


def normalized(x):
    exponentials = ops.exp(x)  # overflows far from here
    return exponentials / ops.sum(exponentials, axis=-1, keepdims=True)


def native(name):
    """The framework's own function."""

    def call(x):
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            return getattr(tf.nn, name)(x)
        if keras.backend.backend() == "jax":
            import jax

            return getattr(jax.nn, name)(x)
        import torch

        return getattr(torch, name)(x, *[-1][: name != "sigmoid"])

    return call


def two_heads(x):
    return layers.Concatenate()([ops.sigmoid(x[:, :1]), ops.softmax(x[:, 1:])])


PROBABILITIES = {
    "native sigmoid": native("sigmoid"),
    "native softmax": native("softmax"),
    "sigmoid by hand": lambda x: 1 / (1 + ops.exp(-x)),
    "sigmoid that overflows": lambda x: ops.exp(x) / (1 + ops.exp(x)),
    "softmax by hand": normalized,
    "hard_sigmoid": ops.hard_sigmoid,
    "sparse_sigmoid": keras.activations.sparse_sigmoid,
    "sparsemax": keras.activations.sparsemax,
    "heads that are joined": two_heads,
    "Reshape": lambda x: layers.Reshape((1, 3))(ops.softmax(x)),
    "Lambda": layers.Lambda(native("softmax")),
    "cast": lambda x: ops.cast(ops.softmax(x), "float16"),
    "clipped": lambda x: ops.clip(ops.softmax(x), 1e-7, 1 - 1e-7),
    "smoothed": lambda x: 0.9 * ops.softmax(x) + 0.1 / 3,
    "a layer with another activation": OwnLayer(),
}
OTHERS = {
    "native log_softmax": native("log_softmax"),
    "log of softmax": lambda x: ops.log(ops.softmax(x)),
    "log_sigmoid": ops.log_sigmoid,
    "percent": lambda x: 100 * ops.softmax(x),
    "Rescaling": lambda x: layers.Rescaling(100.0)(ops.softmax(x)),
    "tempered afterwards": lambda x: ops.log_softmax(x) / 2,
}


@pytest.mark.parametrize("scale", [1.0, pytest.param(0.0, marks=pytest.mark.repeats)], ids=["drawn", "zero"])
@pytest.mark.parametrize("ending", PROBABILITIES.values(), ids=PROBABILITIES)
def test_probabilities_are_an_error_that_names_the_ways_out(ending, scale):
    with pytest.raises(LogitsNotFoundError, match="centred_log_probability.; or give a callable target"):
        ks.explain(Ending(ending, scale=scale), INPUTS, target=0)


@pytest.mark.parametrize("ending", OTHERS.values(), ids=OTHERS)
def test_what_is_made_of_probabilities_alone_is_an_error(ending):
    """As the network becomes sure, its gradient vanishes too; log p − mean log p is no way out."""
    with pytest.raises(LogitsNotFoundError, match=r"with logits=.output.; or give a callable target\.$"):
        ks.explain(Ending(ending), INPUTS, target=0)


FOUND = {
    "tempered before": (lambda x: ops.softmax(x / 2), 0.5),
    "linear": (lambda x: layers.Activation("linear")(ops.softmax(x)), 1),
    "Identity": (lambda x: layers.Identity()(ops.softmax(x)), 1),
}


@pytest.mark.parametrize(("ending", "factor"), FOUND.values(), ids=FOUND)
def test_logits_in_front_of_what_changes_nothing(ending, factor):
    model = Ending(ending)
    found = ks.explain(model, INPUTS, target=1)
    kernel = ops.convert_to_numpy(model.dense.kernel)[:, 1]
    np.testing.assert_allclose(found.maps.reshape(3, 9), np.tile(factor * kernel, (3, 1)), rtol=1e-5)
    assert found.score_kind == "logit"


def gated(x):
    return x * ops.sigmoid(x)


class WeighedAfterwards(layers.Layer):
    """Weights of its own behind a sigmoid: a hidden layer, and a regression."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3), initializer="random_normal")

    def call(self, inputs):
        return ops.matmul(ops.sigmoid(inputs), self.kernel)


OUTPUTS = {
    "a line within 0 … 1": lambda x: 0.5 + 0.01 * x,
    "a flat line within 0 … 1": lambda x: 0.5 + 1e-4 * x,
    "rectified": ops.relu,
    "softplus by hand": lambda x: ops.log(1 + ops.exp(x)),
    "exponential": ops.exp,
    "tanh": ops.tanh,
    "squared": lambda x: -(x**2),
    "gated": gated,
    "a sigmoid inside": WeighedAfterwards(),
    "pooled": lambda x: layers.GlobalAveragePooling1D()(gated(x)[:, None]),
}


@pytest.mark.parametrize(
    ("scale", "units"),
    [(1.0, 1), (1.0, 3), (0.0, 1), pytest.param(0.0, 3, marks=pytest.mark.repeats)],
    ids=["drawn-1", "drawn-3", "zero-1", "zero-3"],
)
@pytest.mark.parametrize("ending", OUTPUTS.values(), ids=OUTPUTS)
def test_other_outputs_are_taken_as_they_are(ending, scale, units):
    if isinstance(ending, layers.Layer):
        ending = type(ending)()
    found = ks.explain(Ending(ending, units, scale), INPUTS, target="predicted")
    assert found.score_kind == "output"


def test_the_verdict_is_that_of_the_model_and_not_of_the_images():
    model = Ending(lambda x: 0.5 + 0.01 * x, units=1)
    for scale in (1e-3, 1.0, 1e3):
        assert ks.explain(model, scale * INPUTS).score_kind == "output"


def test_bytes_and_hidden_probabilities():
    model = keras.Sequential(
        [keras.Input((3, 3, 1), dtype="uint8"), layers.Rescaling(1 / 255), Ending(normalized)]
    )
    with pytest.raises(LogitsNotFoundError, match="looks like probabilities"):
        ks.explain(model, (255 * np.abs(INPUTS)).astype("uint8"), target=0)


class Looking(keras.Model):
    """Looks one of its inputs up in a table that has no place for inputs from far away: PyTorch refuses those."""

    def __init__(self, ending):
        super().__init__()
        self.ending = ending

    def call(self, inputs):
        image, index = inputs
        rows = ops.one_hot(ops.cast(index[:, 0], "int32"), 4)
        return self.ending(ops.mean(image, (1, 2)) + rows[:, :3])


def test_a_side_input_that_is_an_index():
    inputs = [INPUTS, np.ones((3, 1), "float32")]
    with pytest.raises(LogitsNotFoundError, match="looks like probabilities"):
        ks.explain(Looking(normalized), inputs, target=0)
    assert ks.explain(Looking(lambda x: 0.5 + 0.01 * x), inputs, target=0).score_kind == "output"


def test_a_look_for_probabilities_leaves_the_model_as_it_was():
    model = Ending(lambda x: 100 * ops.softmax(x))
    model(INPUTS)
    before = model.get_weights()
    with pytest.raises(LogitsNotFoundError):
        ks.explain(model, INPUTS, target=0)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
