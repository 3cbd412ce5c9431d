"""Guided backpropagation and the deconvolutional network against a backward pass by hand, in numpy."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency import DeconvNet, Gradient, GuidedBackprop
from keras_saliency.engine import ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError, SaliencyWarning
from keras_saliency.probes.targets import as_target, bind
from tests import answers

RULES = {
    DeconvNet: lambda upstream, inside: np.where(upstream > 0, upstream, 0),
    GuidedBackprop: lambda upstream, inside: np.where((upstream > 0) & (inside > 0), upstream, 0),
}
KINDS = pytest.mark.parametrize("kind", list(RULES))
CLASS = 1


def run(method, model, images):
    bound = bind(as_target(CLASS), len(images), None)
    return answers.explained(method, ScoredModel(model), images, bound, np.random.default_rng(0))


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(3, 6, 6, 2)).astype("float32")


def chain(rectify):
    """Two convolutions, each followed by what `rectify()` makes, and the logits."""
    keras.utils.set_random_seed(0)
    x = image = keras.Input((6, 6, 2))
    for filters in (4, 3):
        x = rectify()(layers.Conv2D(filters, 3)(x))
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(x)))


def by_activation():
    keras.utils.set_random_seed(0)
    convolutions = [layers.Conv2D(filters, 3, activation="relu") for filters in (4, 3)]
    return keras.Sequential([layers.Input((6, 6, 2)), *convolutions, layers.Flatten(), layers.Dense(3)])


class InCall(keras.Model):
    """A subclass that calls `ops.relu`, or another function."""

    def __init__(self, rectify=ops.relu):
        super().__init__()
        self.rectify = rectify
        self.first, self.second = layers.Conv2D(4, 3), layers.Conv2D(3, 3)
        self.flatten, self.dense = layers.Flatten(), layers.Dense(3)

    def call(self, inputs):
        x = self.rectify(self.first(inputs))
        return self.dense(self.flatten(self.rectify(self.second(x))))


def nested():
    keras.utils.set_random_seed(0)
    body = keras.Sequential([layers.Input((6, 6, 2)), layers.Conv2D(4, 3), layers.ReLU()])
    image = keras.Input((6, 6, 2))
    x = layers.Conv2D(3, 3, activation="relu")(body(image))
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(x)))


SPELLINGS = {
    'activation="relu"': by_activation,
    "Activation": lambda: chain(lambda: layers.Activation("relu")),
    "ReLU()": lambda: chain(layers.ReLU),
    "ReLU(6)": lambda: chain(lambda: layers.ReLU(6)),
    "ops.relu": InCall,
    "nested": nested,
}


def convolve(x, kernel):
    height, width = x.shape[1] - 2, x.shape[2] - 2
    return sum(x[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))


def back(upstream, kernel):
    padded = np.pad(upstream, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return convolve(padded, kernel[::-1, ::-1].swapaxes(2, 3))


def by_hand(weights, images, rectify, rule):
    first, bias, second, other_bias, dense, _ = (array.astype("float64") for array in weights)
    one = convolve(images.astype("float64"), first) + bias
    two = convolve(rectify(one), second) + other_bias
    upstream = np.broadcast_to(dense[:, CLASS].reshape(two.shape[1:]), two.shape)
    return back(rule(back(rule(upstream, two), second), one), first)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@KINDS
@pytest.mark.parametrize("spelling", list(SPELLINGS))
def test_every_spelling_of_relu(kind, spelling, images):
    model = SPELLINGS[spelling]()
    model(images)
    found = run(kind(), model, images)
    expected = by_hand(model.get_weights(), images, lambda x: np.maximum(x, 0), RULES[kind])
    close(found.maps, expected)
    assert found.diagnostics == {"rectifiers": 2, "unreached": ()}
    plain = run(Gradient(), model, images).maps
    assert np.abs(found.maps - plain).max() > 0.1 * np.abs(plain).max()


@KINDS
def test_a_saturated_relu6_is_shut_when_guided(kind, images):
    model = chain(lambda: layers.ReLU(6))
    images = 20 * images

    def rule(upstream, inside):
        passed = RULES[kind](upstream, inside)
        return np.where(inside < 6, passed, 0) if kind is GuidedBackprop else passed

    expected = by_hand(model.get_weights(), images, lambda x: np.clip(x, 0, 6), rule)
    close(run(kind(), model, images).maps, expected)


@KINDS
def test_leaky_rectifiers_keep_their_gradient(kind, images):
    """The first rectifier is leaky, the second follows the rule."""
    made = iter([layers.LeakyReLU(negative_slope=0.3), layers.ReLU()])
    model = chain(lambda: next(made))
    first, bias, second, other_bias, dense, _ = model.get_weights()
    one = convolve(images, first) + bias
    two = convolve(np.where(one > 0, one, 0.3 * one), second) + other_bias
    upstream = np.broadcast_to(dense[:, CLASS].reshape(two.shape[1:]), two.shape)
    passed = back(RULES[kind](upstream, two), second)
    found = run(kind(), model, images)
    close(found.maps, back(np.where(one > 0, passed, 0.3 * passed), first))
    assert found.diagnostics["rectifiers"] == 1


@KINDS
@pytest.mark.parametrize(
    ("other", "named"),
    [
        (lambda: layers.ReLU(threshold=1.0, name="late"), r"layer 'late' \(ReLU\)"),
        (lambda: layers.Lambda(lambda x: ops.maximum(x, 0)), "a maximum with 0"),
    ],
    ids=["threshold", "maximum"],
)
def test_what_it_cannot_change_is_named(kind, other, named, images):
    made = iter([layers.ReLU(), other()])
    model = chain(lambda: next(made))
    with pytest.warns(SaliencyWarning, match=f"changes 1 ReLUs of this model, .* {named}"):
        found = run(kind(), model, images)
    assert len(found.diagnostics["unreached"]) == 1


@KINDS
def test_a_relu_past_keras_is_counted_beside_a_hard_sigmoid(kind, images):
    """TensorFlow makes that of a ReLU6, which is none of the two."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow's own functions are for Keras on TensorFlow")
    made = iter([layers.ReLU(), layers.Lambda(lambda x: tf.nn.relu(keras.activations.hard_sigmoid(x)))])
    with pytest.warns(SaliencyWarning, match="changes 1 ReLUs of this model, .* 1 ReLU past Keras"):
        run(kind(), chain(lambda: next(made)), images)


@KINDS
@pytest.mark.parametrize("activation", ["tanh", "hard_sigmoid", "hard_swish"])
def test_a_model_without_relu_is_refused(kind, activation, images):
    """TensorFlow makes the hard ones of a ReLU6, and the other two do not."""
    with pytest.raises(MethodDoesNotApplyError, match="no ReLU of this model goes through Keras"):
        run(kind(), chain(lambda: layers.Activation(activation)), images)


@pytest.mark.parametrize(
    "kind",
    [kind if kind is GuidedBackprop else pytest.param(kind, marks=pytest.mark.repeats) for kind in RULES],
)
def test_mobilenet_is_not_given_its_plain_gradient(kind):
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2((32, 32, 3), weights=None, classes=3)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    found, plain = run(kind(), model, images), run(Gradient(), model, images).maps
    assert found.diagnostics["rectifiers"] == 35
    assert np.abs(found.maps - plain).max() > 0.1 * np.abs(plain).max()


@KINDS
@pytest.mark.parametrize("name", ["hard_sigmoid", "hard_silu"])
def test_a_hard_sigmoid_is_no_relu(kind, name, images):
    """Keras makes it with a ReLU6 on TensorFlow, JAX as well: none of them is counted or changed."""
    model = chain(lambda: layers.Activation(name))
    rectified = keras.Sequential([keras.Input((6, 6, 2)), layers.Reshape((6, 6, 2)), layers.ReLU(), model])
    found = run(kind(), rectified, images)
    assert found.diagnostics == {"rectifiers": 1, "unreached": ()}
    plain = run(Gradient(), model, np.maximum(images, 0)).maps
    close(found.maps, RULES[kind](plain, images))
