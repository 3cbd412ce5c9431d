"""Substitute weights: as a twin that really has them, and a model that stays bit-identical."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.stats import ks_2samp

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.engine.weights import _glorot_uniform, current_values, fresh_values
from keras_saliency.probes.targets import Label, bind
from tests import answers

IMAGES = np.random.default_rng(0).normal(size=(3, 6, 6, 2)).astype("float32")
TOKENS = np.array([[1, 2, 0, 3], [4, 4, 1, 2], [0, 3, 2, 1]])
TARGET = bind(Label(), 3, np.array([0, 1, 2]))


def dense():
    return keras.Sequential(
        [keras.Input((6, 6, 2)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )


def convolution():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, activation="tanh"),
            keras.layers.DepthwiseConv2D(2),
            keras.layers.SeparableConv2D(3, 2),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )


def normalised():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("tanh"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


def nested():
    backbone = keras.Sequential([keras.layers.Conv2D(4, 3, activation="tanh", name="conv")], name="backbone")
    inputs = keras.Input((6, 6, 2))
    features = keras.layers.Flatten()(backbone(inputs))
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(features))


def shared():
    conv = keras.layers.Conv2D(2, 3, padding="same", activation="tanh")
    inputs = keras.Input((6, 6, 2))
    return keras.Model(
        inputs, keras.layers.Dense(3)(keras.layers.Flatten()(conv(conv(inputs)) + conv(inputs)))
    )


def mixed():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        return dense()
    finally:
        keras.config.set_dtype_policy("float32")


def tokens():
    inputs = keras.Input((4,), dtype="int32")
    embedded = keras.layers.Embedding(5, 4, mask_zero=True)(inputs)
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.LSTM(4)(embedded)))


KINDS = [dense, convolution, normalised, nested, shared, mixed, tokens]


def inputs_of(model):
    return TOKENS if len(model.inputs[0].shape) == 2 else IMAGES


def other_values(model, seed=3):
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.2, 0.9, value.shape).astype(value.dtype) for value in current_values(model)]


def with_weights(scored, values, inputs=IMAGES, target=TARGET):
    """The gradients and scores with other weights."""
    question = Question(scored, inputs, target).with_weights(values)
    return SimpleNamespace(maps=question.gradients().maps, scores=question.scores)


@pytest.mark.parametrize("build", KINDS)
def test_other_weights_give_what_a_twin_that_has_them_gives(build):
    model, twin = build(), build()
    inputs, values = inputs_of(model), other_values(model)
    before = model.get_weights()
    scored = ScoredModel(model)
    own = answers.gradients(scored, inputs, TARGET)
    twin.set_weights(values)

    ours = with_weights(scored, values, inputs)

    theirs = answers.gradients(ScoredModel(twin), inputs, TARGET)
    np.testing.assert_allclose(ours.scores.values, theirs.scores.values, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.maps, theirs.maps, rtol=1e-5, atol=1e-6)
    assert np.abs(ours.scores.values - own.scores.values).max() > 1e-3
    assert_same(model.get_weights(), before)
    np.testing.assert_array_equal(answers.gradients(scored, inputs, TARGET).maps, own.maps)


def test_values_of_another_type_are_those_of_the_weights():
    scored = ScoredModel(model := convolution())
    values = other_values(model)
    as_they_are, wider = (
        with_weights(scored, [np.asarray(value, dtype) for value in values]).scores.values
        for dtype in ("float32", "float64")
    )
    np.testing.assert_array_equal(wider, as_they_are)


def test_one_trace_serves_all_values():
    model = convolution()
    scored = ScoredModel(model)
    with_weights(scored, other_values(model))
    traces = scored.traces

    for seed in range(4):
        with_weights(scored, other_values(model, seed))

    if keras.backend.backend() != "torch":  # eager code is "traced" at every call
        assert scored.traces == traces
    assert scored.evaluations == 5 * len(IMAGES)


def test_the_model_keeps_its_weights_after_an_exception():
    model = dense()
    before = model.get_weights()

    def broken(outputs):
        if outputs.shape[0] == 3:  # not where its shapes are tried, with another number
            raise RuntimeError("broken on purpose")
        return outputs[:, 0]

    with pytest.raises(ValueError, match="broken on purpose"):
        with_weights(ScoredModel(model), other_values(model), target=bind(broken, 3, None))
    assert_same(model.get_weights(), before)


def test_values_that_do_not_fit_are_refused():
    model = dense()
    with pytest.raises(ValueError, match=r"Expected one array per weight.*Received: \[\(72, 3\)\]"):
        Question(ScoredModel(model), IMAGES, TARGET).with_weights(current_values(model)[:1])


@pytest.mark.parametrize("build", KINDS)
def test_every_weight_belongs_to_one_layer(build):
    model = build()
    layers = Question(ScoredModel(model), inputs_of(model), TARGET).weighted_layers()
    positions = [position for layer in layers for position in layer.positions]
    assert sorted(positions) == list(range(len(model.weights)))


def test_layers_come_from_the_output_down():
    names = [layer.name for layer in Question(ScoredModel(nested()), IMAGES, TARGET).weighted_layers()]
    assert names == ["head", "backbone.conv"]


def test_fresh_weights_come_from_the_layers_own_initializers():
    model = normalised()
    model.set_weights(other_values(model))
    layers = Question(ScoredModel(model), IMAGES, TARGET).weighted_layers()

    values = fresh_values(model, layers, np.random.default_rng(0))

    kernel, gamma, beta, mean, variance, dense_kernel, bias = values
    assert (gamma == 1).all()
    assert (variance == 1).all()
    assert (beta == 0).all()
    assert (mean == 0).all()
    assert (bias == 0).all()
    for drawn, fans in [(kernel, 18 + 36), (dense_kernel, 4 + 3)]:
        limit = np.sqrt(6 / fans)  # Glorot and Bengio 2010
        assert 0.5 * limit < np.abs(drawn).max() <= limit


@pytest.mark.parametrize("shape", [(40, 60), (3, 30, 20), (3, 3, 8, 24), (3, 3, 200, 1)])
def test_glorot_kernels_are_drawn_as_keras_draws_them(shape):
    drawn = _glorot_uniform(shape, np.random.default_rng(0)).ravel()
    own = keras.ops.convert_to_numpy(keras.initializers.GlorotUniform(seed=0)(shape)).ravel()
    assert ks_2samp(drawn, own).pvalue > 0.01
    np.testing.assert_allclose(np.abs(drawn).max(), np.abs(own).max(), rtol=0.01)


def test_fresh_weights_follow_the_generator_and_leave_no_trace():
    model = convolution()
    before, state = model.get_weights(), np.random.get_state()[1].copy()
    layers = Question(ScoredModel(model), IMAGES, TARGET).weighted_layers()
    first, again, other = (fresh_values(model, layers, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert_same(first, again)
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True) if a.any())
    assert not any(np.array_equal(a, b) for a, b in zip(first, before, strict=True) if a.any())
    assert_same(model.get_weights(), before)
    assert np.array_equal(np.random.get_state()[1], state)


def test_a_weight_without_a_known_initializer_is_permuted():
    @keras.saving.register_keras_serializable("tests")
    class Scale(keras.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=shape[1:], initializer="ones", name="odd")

        def call(self, inputs):
            return inputs * self.scale

    model = keras.Sequential([keras.Input((6, 6, 2)), Scale(), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.set_weights(other_values(model))
    scored = ScoredModel(model)
    layers = Question(scored, IMAGES, TARGET).weighted_layers()

    drawn = fresh_values(model, layers[-1:], np.random.default_rng(0))

    own = current_values(model)
    assert not np.array_equal(drawn[0], own[0])
    np.testing.assert_array_equal(np.sort(drawn[0], None), np.sort(own[0], None))
    assert_same(drawn[1:], own[1:])


def assert_same(values, others):
    for value, other in zip(values, others, strict=True):
        np.testing.assert_array_equal(value, other)
