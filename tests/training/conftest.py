"""A small training, the same at every start, and what the callback's tests do with it."""

import keras
import numpy as np
import pytest

import keras_saliency as ks

CLASSES = 3
SIZE = (6, 6)


class Remember(keras.callbacks.Callback):
    """Keeps every look; to be placed after the callback that makes them."""

    def __init__(self, saliency):
        super().__init__()
        self.saliency = saliency
        self.looks = []

    def on_epoch_begin(self, epoch, logs=None):
        self.keep()

    def on_epoch_end(self, epoch, logs=None):
        self.keep()

    def on_train_end(self, logs=None):
        self.keep()

    def keep(self):
        if not any(look is self.saliency.last_look for look in self.looks):
            self.looks.append(self.saliency.last_look)


class AfterEpoch(keras.callbacks.Callback):
    """Does something after one epoch."""

    def __init__(self, epoch, action):
        super().__init__()
        self.epoch, self.action = epoch, action

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            self.action(self)


@pytest.fixture(scope="session")
def x():
    return np.random.default_rng(0).normal(size=(16, *SIZE, 1)).astype("float32")


@pytest.fixture(scope="session")
def y():
    return np.arange(16) % CLASSES


@pytest.fixture(scope="session")
def probes(x, y):
    corner = np.zeros(SIZE, bool)
    corner[:2, :2] = True
    return ks.ProbeSet(x[:5], y[:5], regions={"corner": corner})


def _compiled(make, **options):
    keras.utils.set_random_seed(1)
    model = make()
    settings = {
        "optimizer": keras.optimizers.SGD(0.1, momentum=0.9),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "run_eagerly": True,
    }
    model.compile(**(settings | options))
    return model


def _perceptron(activation="softmax"):
    return keras.Sequential(
        [
            keras.Input((*SIZE, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(CLASSES, activation=activation),
        ]
    )


@pytest.fixture
def compiled():
    """A function: a network's maker → that network with the same weights every time, ready to train.

    It runs eagerly, which is quick to start, unless it is told otherwise.
    """
    return _compiled


@pytest.fixture
def network(compiled):
    """A function that makes the same small network at every call."""
    return lambda **options: compiled(_perceptron, **options)


@pytest.fixture
def saliency(probes, tmp_path):
    """A function that makes the callback, for five probes with labels and a region; it draws no sheets."""

    def make(**options):
        settings = {"probes": probes, "log_dir": tmp_path / "logs", "images": False}
        return ks.SaliencyCallback(**(settings | options))

    return make


@pytest.fixture
def fit(x, y):
    """A function that trains quietly, two updates an epoch, and returns the history as a dict."""

    def train(model, *callbacks, epochs=3, **options):
        settings = {"batch_size": 8, "verbose": 0} | options
        return model.fit(x, y, epochs=epochs, callbacks=list(callbacks), **settings).history

    return train


@pytest.fixture
def remember():
    return Remember


@pytest.fixture
def after_epoch():
    return AfterEpoch


@pytest.fixture
def weights():
    """A function: a model → copies of all its values."""
    return lambda model: [np.array(variable.numpy()) for variable in model.variables]
