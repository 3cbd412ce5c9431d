"""A look leaves no trace: not in the model, not in any random state."""

import random

import keras
import numpy as np
import pytest
from keras import layers
from keras.src.backend.common import global_state

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.errors import ModelRejectedInputsError
from keras_saliency.probes.targets import as_target, bind
from tests import answers
from tests.engine.networks import images
from tests.engine.stateful import AlwaysDropout, AlwaysNoise, Counts
from tests.states import bits, global_states

torch = pytest.importorskip("torch")
JAX = keras.backend.backend() == "jax"


def snapshot(model):
    """Every global state and every variable, seed generators included."""
    return {**global_states(), "model": bits(model.variables)}


def network(*between):
    inputs = keras.Input((8, 8, 1))
    x = layers.Dense(6, activation="relu")(layers.Flatten()(inputs))
    for layer in between:
        x = layer(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


NETWORKS = {
    "plain": network,
    "batch normalization": lambda: network(layers.BatchNormalization()),
    "state updated at inference": lambda: network(Counts()),
    "dropout": lambda: network(layers.Dropout(0.5)),
    "dropout always": lambda: network(AlwaysDropout()),
    "dropout always, seeded": lambda: network(AlwaysDropout(seed=5)),
    "noise always, seeded": lambda: network(AlwaysNoise(seeded=True)),
}
if not JAX:  # there Keras refuses to draw without a seed while it traces
    NETWORKS["noise always"] = lambda: network(AlwaysNoise(seeded=False))


@pytest.mark.parametrize(
    "evaluate", [Question, answers.scores, answers.gradients], ids=["inspect", "scores", "gradients"]
)
@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_a_look_leaves_every_state_bit_identical(build, evaluate):
    model, inputs, target = build(), images(8, 8, 1, count=5), bind(as_target(0), 5, None)
    before = snapshot(model)
    scored = ScoredModel(model, chunk_size=2)
    for _ in range(2):
        evaluate(scored, inputs, target)
        np.testing.assert_equal(snapshot(model), before)


@pytest.mark.parametrize("build", [NETWORKS["plain"], NETWORKS["dropout always"]])
def test_no_global_seed_generator_is_left_behind(build):
    """Made during a look, it would take its seed from Python's state, and training would draw other numbers."""
    model = build()
    global_state.set_global_attribute("global_seed_generator", None)
    answers.gradients(ScoredModel(model), images(8, 8, 1), bind(as_target(0), 3, None))
    assert global_state.get_global_attribute("global_seed_generator") is None


def test_no_global_seed_generator_is_left_behind_by_drawing():
    global_state.set_global_attribute("global_seed_generator", None)
    state = random.getstate()
    with without_a_trace():
        keras.random.normal((3,))
    assert global_state.get_global_attribute("global_seed_generator") is None
    assert random.getstate() == state


class FailsAt(keras.Model):
    """Raises at the n-th call, having drawn from every global state before."""

    def __init__(self, call):
        super().__init__()
        self.body, self.fails_at, self.count = network(Counts(), AlwaysDropout()), call, 0

    def call(self, inputs):
        random.random()
        np.random.random()
        torch.rand(1, device="cpu")
        outputs = self.body(inputs)
        self.count += 1
        if self.count >= self.fails_at:
            raise RuntimeError("on purpose")
        return outputs


@pytest.mark.parametrize("evaluate", ["scores", "gradients"])
@pytest.mark.parametrize("call", [1, 2])
def test_an_exception_in_the_model_leaves_no_trace(call, evaluate):
    """At the abstract trace, and at the compiled one."""
    model = FailsAt(call + 1)
    model(images(8, 8, 1))  # builds it; what building draws is the model's own business
    before = snapshot(model)
    with pytest.raises(ModelRejectedInputsError, match="on purpose"):
        getattr(answers, evaluate)(ScoredModel(model), images(8, 8, 1), bind(as_target(0), 3, None))
    np.testing.assert_equal(snapshot(model), before)


def test_a_build_that_fails_leaves_no_trace():
    model = FailsAt(1)
    before = snapshot(model)
    with pytest.raises(ModelRejectedInputsError, match="on purpose"):
        _ = Question(ScoredModel(model), images(8, 8, 1), bind(as_target(0), 3, None)).scores
    np.testing.assert_equal(snapshot(model), before)


def test_random_layers_give_the_same_maps_every_time():
    """Their seeds are read and never advanced."""
    scored = ScoredModel(NETWORKS["dropout always"]())
    inputs, target = images(8, 8, 1), bind(as_target(0), 3, None)
    np.testing.assert_array_equal(
        answers.gradients(scored, inputs, target).maps, answers.gradients(scored, inputs, target).maps
    )
