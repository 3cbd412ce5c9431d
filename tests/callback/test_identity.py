"""A training with the callback is, bit for bit, the training without it."""

import random

import keras
import numpy as np
import pytest
from keras import layers

BACKEND = keras.backend.backend()


def with_dropout():
    return sequential(layers.Dropout(0.3))


def sequential(*inside, deferred=False):
    start = [] if deferred else [keras.Input((6, 6, 1))]
    return keras.Sequential(
        [
            *start,
            layers.Conv2D(4, 3, activation="relu"),
            *inside,
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


class AlwaysOnDropout(layers.Dropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


class NoiseWithoutASeed(layers.Layer):
    def call(self, inputs):
        return inputs + 0.1 * keras.random.normal(keras.ops.shape(inputs))


class Subclassed(keras.Model):
    """Has no variables before it is called."""

    def __init__(self):
        super().__init__()
        self.make_layers()

    def make_layers(self):
        self.convolution = layers.Conv2D(4, 3, activation="relu")
        self.flatten = layers.Flatten()
        self.dropout = layers.Dropout(0.3)
        self.classify = layers.Dense(3, activation="softmax")

    def call(self, inputs, training=False):
        hidden = self.flatten(self.convolution(inputs))
        return self.classify(self.dropout(hidden, training=training))


class MadeWhenBuilt(Subclassed):
    """Has no layers before it is called, and so draws its seeds late."""

    def __init__(self):
        keras.Model.__init__(self)

    def build(self, input_shape):
        self.make_layers()


NETWORKS = {
    "plain": sequential,
    "batch_norm": lambda: sequential(layers.BatchNormalization()),
    "always_on_dropout": lambda: sequential(AlwaysOnDropout(0.3)),
    "noise_without_a_seed": lambda: sequential(NoiseWithoutASeed()),
    "deferred": lambda: sequential(layers.Dropout(0.3), deferred=True),
    "subclassed": Subclassed,
    "made_when_built": MadeWhenBuilt,
}


def next_draws():
    """The next number of every global generator."""
    drawn = {"python": random.random(), "numpy": np.random.rand(), "keras": float(keras.random.uniform(()))}
    if BACKEND == "tensorflow":
        import tensorflow as tf

        drawn["tensorflow"] = float(tf.random.uniform(()))
    if BACKEND == "torch":
        import torch

        drawn["torch"] = float(torch.rand(()))
    return drawn


def values(variables):
    return [np.array(variable.numpy()) for variable in variables]


def everything(model, history):
    """All that a training leaves behind."""
    return {
        "weights and seed generators": values(model.variables),
        "optimizer": values(model.optimizer.variables),
        "metrics": values(v for metric in model.metrics for v in metric.variables),
        "history": {key: found for key, found in history.items() if not key.startswith("saliency_")},
        "next draws": next_draws(),
        "layers": [layer.name for layer in model.layers],
        "names to come": [
            layers.Dense(1).name,
            sequential().name,
            (keras.Input((1,)) + 1)._keras_history.operation.name,
        ],
    }


@pytest.fixture
def assert_untouched(compiled, fit, saliency):
    """A function: trains twice, without and with the callback, and compares what is left behind."""

    def compare(make, settings=None, fits=1, **options):
        left = []
        for callbacks in [], [saliency(every=2, log_keys="all", images=True)]:
            keras.utils.clear_session()
            model = compiled(make, **({"run_eagerly": False} | (settings or {})))
            config = [str(model.get_config())] if model.built else []
            for _ in range(fits):
                history = fit(model, *callbacks, **options)
            assert all(str(model.get_config()) == before for before in config)
            left.append(everything(model, history))
        np.testing.assert_equal(left[1], left[0])

    return compare


@pytest.mark.parametrize("network", NETWORKS)
def test_every_kind_of_network_trains_the_same(assert_untouched, network):
    if network == "noise_without_a_seed" and BACKEND == "jax":
        pytest.skip("Keras refuses random numbers without a seed on JAX")
    assert_untouched(NETWORKS[network])


WAYS = {
    "tensorflow": [{"jit_compile": True}, {"steps_per_execution": 4}, {"run_eagerly": True}],
    "jax": [{"steps_per_execution": 4}, {"run_eagerly": True}],  # the others are compiled by XLA anyway
    "torch": [{"run_eagerly": True}],
}


@pytest.mark.parametrize("settings", WAYS[BACKEND], ids=str)
def test_every_way_of_running_trains_the_same(assert_untouched, settings):
    assert_untouched(with_dropout, settings)


def test_shuffling_validation_and_a_second_fit_stay_the_same(assert_untouched, x, y):
    options = {"shuffle": True, "validation_data": (x[:8], y[:8]), "epochs": 2}
    assert_untouched(with_dropout, {"optimizer": "adam"}, fits=2, **options)
