"""What the loss says of an output: with `from_logits=True` it consists of logits, and so has probabilities."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers, losses, ops
from scipy.special import expit, softmax

import keras_saliency as ks
from keras_saliency.engine.model_files import load_model

from .networks import images

INPUTS = images(3, 3, 1, count=4)
BINARY = losses.BinaryCrossentropy(from_logits=True)
SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)


class OwnLoss(losses.Loss):
    """A loss that says what it is about, as those of other packages do."""

    def __init__(self, from_logits):
        super().__init__()
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        return losses.binary_crossentropy(y_true, y_pred, from_logits=self.from_logits)


def linear(units, *names):
    """Linear outputs of these names, one after the other; the first is explained below."""
    inputs = keras.Input((3, 3, 1))
    flat = layers.Flatten()(inputs)
    outputs = [layers.Dense(units, name=name)(flat) for name in names or ["only"]]
    return keras.Model(inputs, outputs if names else outputs[0])


def kernel(model, name="only"):
    return ops.convert_to_numpy(model.get_layer(name).kernel)


ONE_UNIT = {
    "binary": BINARY,
    "focal": losses.BinaryFocalCrossentropy(from_logits=True),
    "partial": partial(losses.binary_crossentropy, from_logits=True),
    "of one's own": OwnLoss(from_logits=True),
    "by name": {"only": BINARY},
    "in a list": [BINARY],
}


@pytest.mark.parametrize("loss", ONE_UNIT.values(), ids=ONE_UNIT)
def test_one_linear_unit_is_the_logit_of_class_1(loss):
    model = linear(1)
    model.compile(loss=loss)
    labels = np.array([1, 0, 0, 1])
    found = ks.explain(model, ks.ProbeSet(INPUTS, labels))
    logits, signs = INPUTS.reshape(4, 9) @ kernel(model)[:, 0], 2 * labels - 1
    np.testing.assert_allclose(found.scores, signs * logits, rtol=1e-5)
    np.testing.assert_allclose(found.maps.reshape(4, 9), signs[:, None] * kernel(model)[:, 0], rtol=1e-5)
    np.testing.assert_array_equal(found.predicted_classes, logits > 0)
    np.testing.assert_allclose(found.probabilities, expit(np.abs(logits)), rtol=1e-5)
    assert found.score_kind == "logit"


def test_logits_binary_says_the_same_where_nothing_tells():
    model, labels = linear(1), np.array([1, 0, 0, 1])
    told = ks.explain(model, ks.ProbeSet(INPUTS, labels), logits="binary")
    model.compile(loss=BINARY)
    found = ks.explain(model, ks.ProbeSet(INPUTS, labels))
    np.testing.assert_array_equal(told.maps, found.maps)
    np.testing.assert_array_equal(told.probabilities, found.probabilities)
    assert told.score_kind == "logit"


def test_the_output_itself_is_still_a_logit():
    model = linear(1)
    model.compile(loss=BINARY)
    found = ks.explain(model, INPUTS, target=0, logits="output")
    np.testing.assert_allclose(found.scores, -INPUTS.reshape(4, 9) @ kernel(model)[:, 0], rtol=1e-5)
    assert found.score_kind == "output"


SEVERAL_UNITS = {
    "sparse": (SPARSE, softmax),
    "categorical": (losses.CategoricalCrossentropy(from_logits=True), softmax),
    "focal": (losses.CategoricalFocalCrossentropy(from_logits=True), softmax),
    "partial": (partial(losses.sparse_categorical_crossentropy, from_logits=True), softmax),
    "several labels": (BINARY, lambda logits, axis: expit(logits)),
}


@pytest.mark.parametrize(("loss", "squash"), SEVERAL_UNITS.values(), ids=SEVERAL_UNITS)
def test_several_linear_units_have_probabilities(loss, squash):
    model = linear(3)
    model.compile(loss=loss)
    found = ks.explain(model, INPUTS)
    probabilities = squash(INPUTS.reshape(4, 9) @ kernel(model), axis=1)
    np.testing.assert_allclose(found.probabilities, probabilities.max(1), rtol=1e-5)
    assert found.score_kind == "logit"


NOTHING_SAID = {
    "not compiled": (1, None),
    "squared error": (1, "mse"),
    "probabilities": (1, BINARY.__class__()),
    "by its name": (1, "binary_crossentropy"),
    "of one's own": (1, OwnLoss(from_logits=False)),
    "a softmax over one unit": (1, SPARSE),
    "several units, of one's own": (3, OwnLoss(from_logits=True)),
}


@pytest.mark.parametrize(("units", "loss"), NOTHING_SAID.values(), ids=NOTHING_SAID)
def test_other_losses_say_nothing(units, loss):
    model = linear(units)
    if loss is not None:
        model.compile(loss=loss)
    found = ks.explain(model, INPUTS)
    assert found.score_kind == "output"
    assert np.isnan(found.probabilities).all()


OF_ONE_OUTPUT = {
    "one for all": BINARY,
    "by name": {"a": BINARY, "b": "mse"},
    "by position": [BINARY, "mse"],
    "several of one output": {"a": [BINARY, "mse"], "b": "mse"},
}


@pytest.mark.parametrize("loss", OF_ONE_OUTPUT.values(), ids=OF_ONE_OUTPUT)
def test_each_output_has_its_own_loss(loss):
    model = linear(1, "a", "b")
    model.compile(loss=loss)
    for output in ("a", 0):
        assert ks.explain(model, INPUTS, output=output).score_kind == "logit"
    expected = "logit" if loss is BINARY else "output"
    assert ks.explain(model, INPUTS, output="b").score_kind == expected


class Nested(keras.Model):
    """Two linear outputs inside others."""

    def __init__(self):
        super().__init__()
        self.flatten, self.one, self.two = layers.Flatten(), layers.Dense(1), layers.Dense(1)

    def call(self, inputs):
        flat = self.flatten(inputs)
        return {"heads": {"one": self.one(flat), "two": [self.two(flat)]}}


def test_nested_outputs_have_their_losses_by_path():
    model = Nested()
    model.compile(loss={"heads": {"one": "mse", "two": [BINARY]}})
    assert ks.explain(model, INPUTS, output="heads/two/0").score_kind == "logit"
    assert ks.explain(model, INPUTS, output="heads/one").score_kind == "output"


def test_a_model_that_is_compiled_anew_says_something_new():
    model = linear(1)
    scored = ks.ScoredModel(model)
    target = ks.probes.targets.bind(ks.Predicted(), 4, None)
    kinds = []
    for loss in ("mse", BINARY, "mse"):
        model.compile(loss=loss)
        kinds.append(ks.engine.Question(scored, INPUTS, target).scores.kind)
    assert kinds == ["output", "logit", "output"]


@pytest.mark.parametrize("load", [keras.saving.load_model, load_model])
def test_a_saved_model_says_what_it_was_compiled_with(load, tmp_path):
    model = linear(1, "a", "b")
    model.compile("sgd", loss={"a": BINARY, "b": "mse"})
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert ks.explain(loaded, INPUTS, output="a").score_kind == "logit"
    assert ks.explain(loaded, INPUTS, output="b").score_kind == "output"


def test_a_model_whose_loss_is_not_known_is_loaded_all_the_same(tmp_path):
    model = linear(1)
    model.compile("sgd", loss=OwnLoss(from_logits=True))
    model.save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").loss is None


def test_labels_of_a_linear_unit_get_a_sentence_about_regressions():
    for labels in ([0, 0, 0, 0], [0, 1, 5, 9]):
        with pytest.raises(
            ValueError, match="regression, give no labels.* from_logits=True, say logits=.binary"
        ):
            ks.explain(linear(1), ks.ProbeSet(INPUTS, labels))
    with pytest.raises(
        ValueError, match="Received: class 9. If the labels are values of a regression, give none"
    ):
        ks.explain(linear(3), ks.ProbeSet(INPUTS, [0, 1, 5, 9]))


@pytest.mark.parametrize(
    ("units", "activation", "said"),
    [(1, "sigmoid", r"\(1,\) with a sigmoid"), (3, None, r"\(3,\) with a linear")],
)
def test_logits_binary_is_for_one_linear_unit(units, activation, said):
    model = keras.Sequential(
        [keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(units, activation=activation)]
    )
    with pytest.raises(
        ValueError, match=f"logits=.binary. is for one linear unit .* shape {said} activation"
    ):
        ks.explain(model, INPUTS, logits="binary")


def test_segmentation_by_one_linear_unit():
    model = keras.Sequential([keras.Input((3, 3, 1)), layers.Conv2D(1, 1, name="only")])
    model.compile(loss=BINARY)
    found = ks.explain(model, INPUTS, target=0)
    np.testing.assert_allclose(found.maps, np.full(INPUTS.shape, -kernel(model).item()), rtol=1e-5)


def test_checks_of_a_binary_logit():
    model = linear(1)
    labels = (INPUTS.reshape(4, 9) @ kernel(model)[:, 0] > 0).astype(int)
    report = ks.check(
        model, ks.ProbeSet(INPUTS, labels), ["target_dependence", ks.Accuracy(1)], logits="binary"
    )
    assert [result.status for result in report.results] == ["passed", "passed"]
