"""Traces are kept with a model: what is asked again is not traced again, and a model that changed is."""

import gc
import threading
import weakref
from dataclasses import dataclass

import keras
import numpy as np
import pytest
from keras import ops

import keras_saliency as ks
from keras_saliency.engine import ScoredModel, traces
from keras_saliency.engine.signature import Signature
from keras_saliency.probes.targets import as_target, bind
from tests import answers

from .networks import images
from .reference import assert_close, gradients

pytestmark = pytest.mark.backend
COMPILES = keras.backend.backend() != "torch"
INPUTS = images(8, 8, 3, count=4)


@dataclass
class Config:
    factor: float = 1.0


class Times:
    """A callable with something to change."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor


class Scaled(keras.layers.Layer):
    """A layer with all that a user may change: a number, a list, an object."""

    def __init__(self):
        super().__init__()
        self.number, self.numbers, self.config = 1.0, [1.0], Config()
        self.function, self._hidden = Times(1.0), {"in": [1.0]}

    def call(self, x):
        factor = self.number * sum(self.numbers) * self.config.factor * self._hidden["in"][0]
        return self.function(x * factor)


def network(activation="tanh"):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Normalization(mean=[0.0] * 3, variance=[1.0] * 3),
            Scaled(),
            layers.Conv2D(4, 3, activation=activation, name="conv"),
            layers.Flatten(),
            layers.Dense(4, activation="tanh", name="hidden"),
            layers.Dense(3, name="head"),
        ]
    )


class OfOnesOwn(keras.Model):
    def __init__(self):
        super().__init__()
        self.factor = 1.0
        self.body = network()

    def call(self, x):
        return self.body(x) * self.factor


def traced(model, target=1, **options):
    """The gradient of class 1, and how often the model was traced for it."""
    scored = ScoredModel(model, **options)
    found = answers.gradients(scored, INPUTS, bind(as_target(target), len(INPUTS), None))
    return found.maps, scored.traces


def by_hand(model):
    return gradients(lambda x: model(x, training=False)[:, 1], INPUTS)


@pytest.mark.skipif(not COMPILES, reason="PyTorch runs eagerly: every call is a trace")
def test_one_trace_for_many_calls_and_for_all_who_ask():
    model = network()
    assert traced(model)[1] == 1
    assert [traced(model)[1] for _ in range(50)] == [0] * 50
    explained = ks.explain(model, INPUTS, target=1)
    assert traced(model)[1] == 0
    np.testing.assert_array_equal(explained.maps, traced(model)[0])


def train(model):
    model.compile("sgd", "mse", metrics=["mae"])
    y = np.zeros((4, 3), "float32")
    model.fit(INPUTS, y, epochs=2, verbose=0, validation_data=(INPUTS, y))
    model.fit(INPUTS, y, verbose=0)
    model.evaluate(INPUTS, y, verbose=0)
    model.predict(INPUTS, verbose=0)


@pytest.mark.skipif(not COMPILES, reason="PyTorch runs eagerly: every call is a trace")
@pytest.mark.parametrize("build", [network, OfOnesOwn])
def test_training_predicting_and_saving_is_no_change(build, tmp_path):
    model = build()
    before, _ = traced(model)
    for _ in range(2):
        train(model)
        model.save_weights(tmp_path / "of.weights.h5")
        model.summary(print_fn=lambda *_, **__: None)
        after, again = traced(model)
        assert again == 0
    assert_close(after, by_hand(model))
    assert np.abs(after - before).max() > 1e-5


def change(name):
    """Marks a function that changes a model, with its name in the reports."""
    return lambda function: CHANGES.append(pytest.param(function, id=name))


CHANGES = []


@change("an activation")
def _(model):
    model.get_layer("conv").activation = keras.activations.sigmoid


@change("a function for another that is gone")
def _(model):
    conv = model.get_layer("conv")
    conv.activation = lambda x: ops.sin(x)
    traced(model)
    conv.activation = None
    gc.collect()
    conv.activation = lambda x: ops.cos(x)


@change("a number of a layer")
def _(model):
    model.layers[1].number = 3.0


@change("a number in a list of a layer")
def _(model):
    model.layers[1].numbers.append(2.0)


@change("a number in an object of a layer")
def _(model):
    model.layers[1].config.factor = 2.5


@change("a number in a function of a layer")
def _(model):
    model.layers[1].function.factor = 2.5


@change("a number in a list in a private dict of a layer")
def _(model):
    model.layers[1]._hidden["in"][0] = 2.5


@change("a layer more")
def _(model):
    model.add(keras.layers.Dense(3, activation="tanh"))


@change("a layer less and another for it")
def _(model):
    model.pop()
    model.add(keras.layers.Dense(3, activation="tanh", name="head"))


@change("a kernel that is made anew")
def _(model):
    head = model.get_layer("head")
    head._tracker.unlock()
    head.build((None, 4))
    head.kernel.assign(-head.kernel)


@change("LoRA")
def _(model):
    head = model.get_layer("head")
    head.enable_lora(2)
    head.lora_kernel_b.assign(np.ones(head.lora_kernel_b.shape))


@change("another data type")
def _(model):
    model.get_layer("head").dtype_policy = "bfloat16"


@change("an adapted normalisation")
def _(model):
    model.layers[0].mean = ops.ones((1, 1, 1, 3))
    model.layers[0].variance = ops.ones((1, 1, 1, 3)) * 7.0


@change("a call of its own")
def _(model):
    model.layers[1].call = lambda x: x * 5.0


@pytest.mark.parametrize("changed", CHANGES)
def test_a_change_of_the_model_is_noticed(changed):
    model = network()
    before, _ = traced(model)
    changed(model)
    after, again = traced(model)
    assert again == 1
    assert_close(after, by_hand(model), 1e-2 if model.get_layer("head").compute_dtype == "bfloat16" else 1e-5)
    assert np.shape(before) != np.shape(after) or np.abs(before - after).max() > 1e-5
    if COMPILES:
        assert traced(model)[1] == 0


def test_another_object_at_the_address_of_one_that_is_gone_is_noticed():
    model = network()
    layer = model.layers[1]
    signature, address, factor = Signature(model), id(layer.function), layer.function.factor
    layer.function, others = None, []
    while id(layer.function) != address and len(others) < 10_000:
        others.append(layer.function)
        layer.function = Times(factor)
    assert id(layer.function) == address
    assert not signature.fits(model)


def test_an_attribute_of_the_users_own_model_is_noticed():
    model = OfOnesOwn()
    before, _ = traced(model)
    model.factor = 2.0
    after, _ = traced(model)
    assert_close(after, 2 * before)


def test_a_quantized_model_is_another_one():
    model = network()
    traced(model)
    model.quantize("int8", filters=["head", "hidden"])
    maps, again = traced(model)
    assert again == 1
    assert np.isfinite(maps).all()


def test_settings_of_keras_are_part_of_what_was_traced():
    model = network()
    traced(model)
    keras.config.set_epsilon(1e-3)
    try:
        assert traced(model)[1] == 1
    finally:
        keras.config.set_epsilon(1e-7)


def methods_and_targets(model):
    """Asks the model in many ways, with a target that closes over it."""
    ks.explain(model, INPUTS, "grad_cam", target=0)
    ks.explain(model, INPUTS, "input_x_gradient")
    ks.explain(model, INPUTS, target=lambda outputs: outputs[:, 0] * len(model.weights))


@pytest.mark.parametrize("build", [network, OfOnesOwn])
def test_traces_die_with_the_model(build):
    gc.collect()
    kept = len(traces._kept)
    model = build()
    methods_and_targets(model)
    train(model)
    methods_and_targets(model)
    gone = weakref.ref(model)
    assert len(traces._kept) == kept + 1
    del model
    gc.collect()
    assert gone() is None
    assert len(traces._kept) == kept


def test_the_steps_asked_for_last_are_kept(monkeypatch):
    monkeypatch.setattr(traces, "MOST", 2)
    model = network()
    for logits in ("auto", "output", "binary", "auto", "output"):
        if logits != "binary":
            traced(model, logits=logits)
        else:
            traced(model, ks.OutputGradient(np.ones(3)))
    assert len(traces.traces_of(model).steps._compiled) == 2
    assert traced(model, logits="output")[1] == (0 if COMPILES else 1)
    assert traced(model, ks.OutputGradient(np.ones(3)))[1] == 1


def test_several_threads_share_the_traces_of_a_model():
    model, found = network(), []

    def ask():
        found.append(traced(model)[0])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    for maps in found:
        assert_close(maps, by_hand(model))


POSITION = 0


def score_of_a_global(outputs):
    return outputs[:, POSITION]


def test_what_a_target_function_reads_may_change(monkeypatch):
    model = network()
    for position in range(3):
        monkeypatch.setitem(globals(), "POSITION", position)
        expected = gradients(lambda x, column=position: model(x, training=False)[:, column], INPUTS)
        assert_close(traced(model, score_of_a_global)[0], expected)
    scored, target = ScoredModel(model), bind(as_target(score_of_a_global), len(INPUTS), None)
    for _ in range(3):
        answers.gradients(scored, INPUTS, target)
    assert scored.traces == (1 if COMPILES else 3)


def test_a_map_that_shows_nothing_is_no_proof_of_where_a_layer_lies():
    """Behind zeros nothing shows; with other weights the Permute does, and the map is turned back."""
    layers = keras.layers
    inputs = keras.Input((6, 9, 1))
    x = layers.Conv2D(2, 3, padding="same", kernel_initializer="zeros", name="first")(inputs)
    x = layers.Permute((2, 1, 3), name="turned")(x)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    pictures = images(6, 9, 1, count=2)
    assert ks.explain(model, pictures, ks.Activations(layer="turned")).maps.any() == np.False_
    model.get_layer("first").kernel.assign(np.ones((3, 3, 1, 2)))
    straight = ks.explain(model, pictures, ks.Activations(layer="first")).maps
    assert_close(ks.explain(model, pictures, ks.Activations(layer="turned")).maps, straight)
