"""A question answers each thing once, and says nothing about other questions."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods import make_method
from keras_saliency.methods.base import run_method
from keras_saliency.probes.targets import as_target, bind
from tests.engine import networks


def images(*shape, count=3):
    return np.random.default_rng(0).random((count, *shape), "float32")


def of_bytes():
    """A network of bytes, whose first floating tensor is an image in 0 … 1."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 3), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def asked(model, inputs, target="predicted"):
    return Question(ScoredModel(model), inputs, bind(as_target(target), len(inputs), None))


@pytest.fixture
def question():
    return asked(networks.sequential("softmax"), images(8, 8, 1))


def test_each_answer_is_computed_once(question):
    first = question.gradients()
    assert question.gradients() is first
    assert question.model.evaluations == 3
    assert question.scores is question.scores
    assert question.model.evaluations == 3  # the gradients told the scores
    layer = question.layer("auto")
    assert question.layer("auto") is layer
    assert question.layer_output("auto") is layer
    assert question.model.evaluations == 6


def test_other_questions_have_answers_of_their_own(question):
    first = question.gradients().maps
    weights = [0 * value for value in question.model.weights()]
    others = {
        "rule": question.gradients("guided").maps,
        "again": question.about(question.target).gradients().maps,
        "class": question.about(bind(as_target((question.scores.predicted_classes + 1) % 3), 3, None))
        .gradients()
        .maps,
        "inputs": question.about(question.target, 1 - question.inputs).gradients().maps,
        "rows": question.take(np.array([2, 0, 1])).gradients().maps,
        "weights": question.with_weights(weights).gradients().maps,
    }
    np.testing.assert_array_equal(others.pop("again"), first)
    np.testing.assert_allclose(others.pop("rows"), first[[2, 0, 1]], rtol=1e-5, atol=1e-7)
    assert not others["weights"].any()
    for name, maps in others.items():
        assert np.abs(maps - first).max() > 1e-4, name
    np.testing.assert_array_equal(question.gradients().maps, first)


def test_a_settled_question_shares_the_answers_and_keeps_to_the_classes(question):
    settled = question.settled
    assert question.settled is settled
    np.testing.assert_array_equal(settled.target.classes, question.scores.predicted_classes)
    assert settled.gradients() is question.gradients()
    # Where the images are predicted otherwise, it still asks about the first classes.
    moved = settled.at(np.arange(3), [-5 * question.inputs])
    np.testing.assert_array_equal(moved.scores.target_classes, question.scores.predicted_classes)
    about = bind(as_target(question.scores.predicted_classes), 3, None)
    np.testing.assert_array_equal(moved.gradients().maps, moved.about(about).gradients().maps)


def test_a_question_without_classes_is_settled(question):
    own = question.about(bind(lambda outputs: outputs[:, 0], 3, None))
    assert own.settled is own


def test_at_puts_values_into_rows(question):
    rows, values = np.array([1, 1, 2, 0]), [images(8, 8, 1, count=4) * 3]
    there = question.at(rows, values)
    assert len(there) == 4
    np.testing.assert_array_equal(there.inputs, values[0])
    np.testing.assert_array_equal(there.values[0], values[0])


def test_the_tensor_behind_integers_is_taken_and_replaced():
    inputs = (255 * images(8, 8, 3)).astype("uint8")
    question = asked(of_bytes(), inputs)
    (values,) = question.values
    assert question.values[0] is values  # computed once
    np.testing.assert_allclose(values, inputs / 255, rtol=1e-6)
    zeros = question.at(np.arange(3), [np.zeros_like(values)])
    assert zeros.values[0].max() == 0
    black = question.about(question.target, np.zeros_like(inputs))
    np.testing.assert_allclose(zeros.scores.table, black.scores.table, rtol=1e-5)
    (row,) = zeros.take(np.array([1])).values
    assert row.shape == (1, 8, 8, 3)


def test_the_image_is_found_or_refused(question):
    image = question.image
    assert (image.position, image.height, image.width, image.channel_axis) == (0, 8, 8, -1)
    flat = asked(keras.Sequential([layers.Input((5,)), layers.Dense(3)]), images(5))
    with pytest.raises(MethodDoesNotApplyError, match=r"none of the explained inputs is one: input of shape"):
        _ = flat.image


def test_methods_on_bytes_share_their_passes():
    """What every method asks of the unchanged images goes through the model once for all."""
    inputs = (255 * images(8, 8, 3)).astype("uint8")
    question = asked(of_bytes(), inputs)
    for name in ("gradient", "input_x_gradient", "grad_cam", "layer_cam", "activations"):
        run_method(make_method(name), question, 0)
    # One gradient of the tensor behind the bytes, which tells its values too, and one of the layer.
    assert question.model.evaluations == 2 * len(inputs)


def with_features(model, inputs):
    return Question(
        ScoredModel(model), inputs, bind(as_target("predicted"), len(inputs), None), with_features=True
    )


HEADS = {
    "softmax within": [layers.Dense(3, activation="softmax")],
    "softmax behind": [layers.Dense(3), layers.Softmax()],
    "dropout before and behind": [
        layers.Dropout(0.5),
        layers.Dense(3),
        layers.Dropout(0.5),
        layers.Softmax(),
    ],
    "a cast behind": [layers.Dense(3), layers.Activation("softmax"), layers.Identity(dtype="float32")],
    "logits": [layers.Dense(3)],
    "a model": [keras.Sequential([layers.Dense(3, activation="softmax")])],
}


@pytest.mark.parametrize("head", HEADS)
def test_features_are_what_the_last_layer_with_weights_reads(head):
    trunk = keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(5, 3, activation="relu")])
    model = keras.Sequential([trunk, layers.GlobalAveragePooling2D(), *map(fresh, HEADS[head])])
    model(np.zeros((1, 8, 8, 1)))
    x = images(8, 8, 1)
    expected = np.asarray(trunk.predict(x, verbose=0)).mean((1, 2))
    question = with_features(model, x)
    np.testing.assert_allclose(question.features, expected, rtol=1e-5)
    asked_by_gradients = with_features(model, x)
    asked_by_gradients.gradients()
    np.testing.assert_allclose(asked_by_gradients.features, expected, rtol=1e-5)
    assert asked_by_gradients.model.evaluations == 3


def fresh(layer):
    return layer.__class__.from_config(layer.get_config())


def test_features_at_places_are_their_mean():
    trunk = keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(5, 3, activation="relu")])
    model = keras.Sequential([trunk, layers.Conv2D(3, 1), layers.GlobalAveragePooling2D(), layers.Softmax()])
    x = images(8, 8, 1)
    expected = np.asarray(trunk.predict(x, verbose=0)).mean((1, 2))
    np.testing.assert_allclose(with_features(model, x).features, expected, rtol=1e-5)


def test_features_are_told_where_they_are_asked_for(question):
    assert question.features is None
    assert question.model.evaluations == 0
    read = layers.Flatten()(given := layers.Input((8, 8, 1)))
    several = keras.Model(given, [layers.Dense(2)(read), layers.Dense(3)(read)])
    target = bind(as_target(lambda outputs: outputs[0][:, 0]), 3, None)  # no layer is the last
    assert Question(ScoredModel(several), images(8, 8, 1), target, with_features=True).features is None


def test_an_output_of_one_number_that_no_layer_made_is_one_feature():
    read = layers.Flatten()(given := layers.Input((8, 8, 1)))
    model = keras.Model(given, keras.ops.squeeze(layers.Dense(1)(read), -1))
    x = images(8, 8, 1)
    expected = np.asarray(model.predict(x, verbose=0))[:, None]
    np.testing.assert_allclose(with_features(model, x).features, expected, rtol=1e-5)
