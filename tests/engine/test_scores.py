"""The score before softmax or sigmoid: found exactly, or an error that says so."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import LogitsNotFoundError
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from tests import answers

from . import reference
from .networks import images

CLASSES = np.array([2, 0, 1])
INPUTS = images(3, 3, 1)


class Subclassed(keras.Model):
    """A dense layer, and a head of its own."""

    def __init__(self, dense, head, **kwargs):
        super().__init__(**kwargs)
        self.flatten, self.dense, self.head = layers.Flatten(), dense, head

    def call(self, inputs):
        return self.head(self.dense(self.flatten(inputs)))


def functional(dense, head, **kwargs):
    inputs = keras.Input((3, 3, 1))
    return keras.Model(inputs, head(dense(layers.Flatten()(inputs))), **kwargs)


def same(x):
    return x


# What stands behind a Dense layer with the given activation.
FOUND = {
    "in the Dense": ("softmax", lambda: same),
    "Activation": (None, lambda: layers.Activation("softmax")),
    "Softmax": (None, layers.Softmax),
    "Softmax of a positive axis": (None, lambda: layers.Softmax(axis=1)),
    "ops.softmax": (None, lambda: ops.softmax),
    "activations.softmax": (None, lambda: keras.activations.softmax),
    "nested": (None, lambda: keras.Sequential([layers.Softmax()])),
    "then Dropout": ("softmax", lambda: layers.Dropout(0.5)),
    "then a linear Activation": ("softmax", lambda: layers.Activation("linear")),
    "then float32": ("softmax", lambda: layers.Activation("linear", dtype="float32")),
    "log_softmax": ("log_softmax", lambda: same),
    "ops.log_softmax": (None, lambda: ops.log_softmax),
    "sigmoid": ("sigmoid", lambda: same),
    "ops.sigmoid": (None, lambda: ops.sigmoid),
    "sigmoid Activation": (None, lambda: layers.Activation("sigmoid")),
}


def explain(model, target, inputs=INPUTS, **options):
    return answers.gradients(
        ScoredModel(model, **options), inputs, bind(as_target(target), len(inputs), None)
    )


def weights_of(dense):
    """`(classes, 3, 3, 1)`: the gradients of the logits."""
    return ops.convert_to_numpy(dense.kernel).T.reshape(-1, 3, 3, 1).astype("float32")


def logits_of(dense):
    return INPUTS.reshape(3, 9) @ ops.convert_to_numpy(dense.kernel) + ops.convert_to_numpy(dense.bias)


@pytest.mark.parametrize("build", [functional, Subclassed])
@pytest.mark.parametrize(("activation", "head"), FOUND.values(), ids=FOUND)
def test_logits_are_found_in_every_spelling(activation, head, build):
    dense = layers.Dense(3, activation=activation, bias_initializer="random_normal")
    found = explain(build(dense, head()), CLASSES)
    np.testing.assert_allclose(found.maps, weights_of(dense)[CLASSES], rtol=1e-5)
    np.testing.assert_allclose(found.scores.values, logits_of(dense)[range(3), CLASSES], rtol=1e-4, atol=1e-6)
    assert found.scores.kind == "logit"


@pytest.mark.parametrize("build", [functional, Subclassed])
@pytest.mark.parametrize("head", ["Activation", "in the Dense", "then float32"])
def test_logits_are_found_in_half_precision(head, build):
    activation, head = FOUND[head]
    dense = layers.Dense(3, activation=activation, dtype="mixed_float16")
    found = explain(build(dense, head()), CLASSES)
    np.testing.assert_allclose(found.maps, weights_of(dense)[CLASSES], rtol=2e-3)
    assert found.scores.kind == "logit"


@pytest.mark.parametrize("build", [functional, Subclassed])
def test_one_sigmoid_unit(build):
    dense = layers.Dense(1, activation="sigmoid")
    found = explain(build(dense, same), [1, 0, 1])
    signs = np.array([1, -1, 1])
    np.testing.assert_allclose(
        found.maps, weights_of(dense)[[0, 0, 0]] * signs[:, None, None, None], rtol=1e-5
    )
    assert found.scores.kind == "logit"


class AlongTheFirstAxis(keras.Model):
    """Class scores with positions, `(n, classes, height, width)`."""

    def __init__(self, softmax):
        super().__init__()
        self.conv, self.softmax = layers.Conv2D(2, 1), softmax

    def call(self, inputs):
        return self.softmax(ops.transpose(self.conv(inputs), (0, 3, 1, 2)))


@pytest.mark.parametrize(
    "softmax",
    [lambda: lambda x: ops.softmax(x, axis=1), lambda: layers.Softmax(axis=-3)],
    ids=["ops", "layer"],
)
def test_classes_lie_on_the_axis_of_the_softmax(softmax):
    model = AlongTheFirstAxis(softmax())
    found = explain(model, CLASSES % 2)
    kernel = ops.convert_to_numpy(model.conv.kernel)[0, 0, 0]
    expected = np.broadcast_to(kernel[CLASSES % 2][:, None, None, None], (3, 3, 3, 1))
    np.testing.assert_allclose(found.maps, expected, rtol=1e-5)
    assert found.scores.predicted_classes.shape == (3,)
    assert np.isnan(found.scores.probabilities).all()  # each position has its own


def by_hand(x):
    exponentials = ops.exp(x - ops.max(x, axis=-1, keepdims=True))
    return exponentials / ops.sum(exponentials, axis=-1, keepdims=True)


def native_softmax(x):
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.nn.softmax(x)
    if keras.backend.backend() == "jax":
        import jax

        return jax.nn.softmax(x)
    import torch

    return torch.softmax(x, -1)


HIDDEN = {
    "softmax, then Reshape": (
        functional,
        3,
        "softmax",
        lambda: layers.Reshape((1, 3), name="last"),
        "layer 'last'",
    ),
    "by hand": (Subclassed, 3, None, lambda: by_hand, "layer 'whole'"),
    "by hand, then a linear Activation": (
        Subclassed,
        3,
        None,
        lambda: lambda x: layers.Activation("linear", dtype="float16")(by_hand(x)),
        "the model's own code",
    ),
    "native": (Subclassed, 3, None, lambda: native_softmax, "layer 'whole'"),
    "hard_sigmoid": (functional, 1, "hard_sigmoid", lambda: same, "layer 'dense'"),
    "several hard_sigmoid": (functional, 3, "hard_sigmoid", lambda: same, "layer 'dense'"),
    "sparsemax": (functional, 3, "sparsemax", lambda: same, "layer 'dense'"),
    "sigmoid by hand": (Subclassed, 1, None, lambda: lambda x: 1 / (1 + ops.exp(-x)), "layer 'whole'"),
    "several sigmoids by hand": (
        Subclassed,
        3,
        None,
        lambda: lambda x: 1 / (1 + ops.exp(-x)),
        "layer 'whole'",
    ),
    "several sigmoids, then Reshape": (
        functional,
        3,
        "sigmoid",
        lambda: layers.Reshape((1, 3), name="last"),
        "layer 'last'",
    ),
}


@pytest.mark.parametrize("evaluate", ["gradients", "scores"])
@pytest.mark.parametrize(("build", "units", "activation", "head", "place"), HIDDEN.values(), ids=HIDDEN)
def test_hidden_logits_are_an_error_that_names_the_layer_and_the_ways_out(
    build, units, activation, head, place, evaluate
):
    model = build(layers.Dense(units, activation=activation, name="dense"), head(), name="whole")
    with pytest.raises(
        LogitsNotFoundError, match=rf"made by {place}, .* Ways out: .*logits=.output.*callable target"
    ):
        getattr(answers, evaluate)(ScoredModel(model), INPUTS, bind(as_target(0), 3, None))


@pytest.mark.parametrize("logits", ["output", "centred_log_probability"])
@pytest.mark.parametrize("name", ["softmax, then Reshape", "by hand", "native", "sigmoid by hand"])
def test_the_ways_out_are_open(name, logits):
    build, units, activation, head, _ = HIDDEN[name]
    dense = layers.Dense(units, activation=activation)
    found = explain(build(dense, head()), 0, logits=logits)
    assert found.scores.kind == logits
    assert (found.maps != 0).all()


@pytest.mark.parametrize("target", [OutputGradient(np.ones(3)), lambda outputs: outputs[:, 0]])
def test_hidden_logits_matter_to_class_targets_alone(target):
    model = Subclassed(layers.Dense(3), by_hand)
    assert explain(model, target).scores.kind == "custom"


OPEN = {
    "from logits": (functional, 3, None, lambda: same),
    "linear in [0, 1]": (functional, 1, None, lambda: same),
    "linear in [0, 1], then float16": (functional, 1, None, lambda: layers.Identity(dtype="float16")),
    "relu in [0, 1]": (functional, 1, "relu", lambda: same),
    "tanh in [0, 1]": (Subclassed, 1, "tanh", lambda: same),
    "no activation anywhere": (Subclassed, 3, None, lambda: lambda x: 3 * x),
}


@pytest.mark.parametrize(("build", "units", "activation", "head"), OPEN.values(), ids=OPEN)
def test_outputs_that_are_no_probabilities_are_taken_as_they_are(build, units, activation, head):
    dense = layers.Dense(
        units, activation=activation, kernel_initializer="zeros", bias_initializer=constant(0.5)
    )
    found = Question(ScoredModel(build(dense, head())), INPUTS, bind(as_target(0), 3, None)).scores
    assert found.kind == "output"


def test_several_fractions_are_probabilities_only_if_they_cannot_leave_their_range():
    model = Subclassed(layers.Dense(3), lambda x: 0.5 + 0.01 * x)
    outputs = ops.convert_to_numpy(model(INPUTS))
    assert ((outputs > 0) & (outputs < 1)).all()
    assert Question(ScoredModel(model), INPUTS, bind(as_target(0), 3, None)).scores.kind == "output"


def constant(value):
    return keras.initializers.Constant(value)


def p_of(logits):
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)


def test_softmax_output_in_closed_form():
    """∂p_c/∂x = p_c (w_c − Σ p_k w_k)."""
    dense = layers.Dense(3, activation="softmax")
    found = explain(functional(dense, same), CLASSES, logits="output")
    p, weights = p_of(logits_of(dense)), weights_of(dense)
    expected = weights[CLASSES] - np.einsum("nk,khwc->nhwc", p, weights)
    reference.assert_close(found.maps, p[range(3), CLASSES][:, None, None, None] * expected)
    np.testing.assert_allclose(found.scores.values, p[range(3), CLASSES], rtol=1e-5)
    np.testing.assert_allclose(found.scores.probabilities, p.max(1), rtol=1e-5)
    assert found.scores.kind == "output"


def test_log_softmax_output_in_closed_form():
    """∂log p_c/∂x = w_c − Σ p_k w_k."""
    dense = layers.Dense(3, activation="log_softmax")
    found = explain(functional(dense, same), CLASSES, logits="output")
    p, weights = p_of(logits_of(dense)), weights_of(dense)
    reference.assert_close(found.maps, weights[CLASSES] - np.einsum("nk,khwc->nhwc", p, weights))
    np.testing.assert_allclose(found.scores.probabilities, p.max(1), rtol=1e-5)


@pytest.mark.parametrize("classes", [[1, 1, 1], [0, 1, 0]])
def test_sigmoid_output_in_closed_form(classes):
    """∂p/∂x = p (1 − p) w for class 1, and the negative, with the score 1 − p, for class 0."""
    dense, classes = layers.Dense(1, activation="sigmoid"), np.array(classes)
    found = explain(functional(dense, same), classes, logits="output")
    p, sign = 1 / (1 + np.exp(-logits_of(dense)[:, 0])), 2 * classes - 1
    reference.assert_close(found.maps, (sign * p * (1 - p))[:, None, None, None] * weights_of(dense))
    np.testing.assert_allclose(found.scores.values, np.where(classes == 1, p, 1 - p), rtol=1e-5)


@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_centred_log_probability_is_the_logit_minus_the_mean_logit(activation):
    dense = layers.Dense(3, activation=activation)
    found = explain(functional(dense, same), CLASSES, logits="centred_log_probability")
    weights, logits = weights_of(dense), logits_of(dense)
    reference.assert_close(found.maps, weights[CLASSES] - weights.mean(0))
    np.testing.assert_allclose(
        found.scores.values, logits[range(3), CLASSES] - logits.mean(1), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(found.scores.probabilities, p_of(logits).max(1), rtol=1e-5)
    assert found.scores.kind == "centred_log_probability"


@pytest.mark.parametrize("units", [1, 3])
def test_centred_log_probability_of_sigmoids_is_the_logit(units):
    dense = layers.Dense(units, activation="sigmoid")
    classes = CLASSES if units == 3 else np.ones(3, int)
    found = explain(functional(dense, same), classes, logits="centred_log_probability")
    reference.assert_close(found.maps, weights_of(dense)[classes if units == 3 else [0, 0, 0]])


def test_centred_log_probability_needs_probabilities():
    model = functional(layers.Dense(3, name="dense"), same)
    with pytest.raises(
        ValueError, match='^logits="centred_log_probability" needs probabilities.* .dense.* linear'
    ):
        explain(model, 0, logits="centred_log_probability")


@pytest.mark.parametrize(
    ("units", "activation"), [(3, "softmax"), (3, "sigmoid"), (1, "sigmoid"), (3, None), (1, None)]
)
def test_predictions_and_their_probabilities(units, activation):
    model = functional(layers.Dense(units, activation=activation, bias_initializer="random_normal"), same)
    outputs = ops.convert_to_numpy(model(INPUTS))
    found = Question(ScoredModel(model), INPUTS, bind(as_target("predicted"), 3, None)).scores
    if activation is None and units == 1:
        assert (found.predicted_classes == -1).all()
        assert (found.target_classes == -1).all()
    else:
        both = outputs if units > 1 else np.hstack([1 - outputs, outputs])
        np.testing.assert_array_equal(found.predicted_classes, both.argmax(1))
        np.testing.assert_array_equal(found.target_classes, both.argmax(1))
    if activation is None:
        assert np.isnan(found.probabilities).all()
    else:
        np.testing.assert_allclose(found.probabilities, both.max(1), rtol=1e-4)
    assert (found.values.dtype, found.probabilities.dtype) == ("float32", "float32")
    assert (found.target_classes.dtype, found.predicted_classes.dtype) == ("int64", "int64")


def softmax(x):
    """The name of one of Keras', and another function."""
    return ops.exp(x) / ops.sum(ops.exp(x), axis=-1, keepdims=True)


def test_an_activation_of_ones_own_may_have_the_name_of_one_of_keras():
    dense = layers.Dense(3, activation=softmax)
    found = explain(functional(dense, same), CLASSES, logits="centred_log_probability")
    reference.assert_close(found.maps, weights_of(dense)[CLASSES] - weights_of(dense).mean(0))
    tanh = layers.Dense(3, activation=lambda x: softmax(x))
    assert (explain(functional(tanh, same), CLASSES, logits="centred_log_probability").maps != 0).all()
