"""What is no Keras model is refused at every door, in one sentence that says what to do."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import keras_saliency as ks
from keras_saliency.engine.foreign import require_model
from tests.engine.networks import images

torch = pytest.importorskip("torch")
PROBES = ks.ProbeSet(images(8, 8, 1))


class Sequential:
    """As the one of Keras 2."""

    __module__ = "tf_keras.src.engine.sequential"


class Net(torch.nn.Sequential):
    """A user's own module."""


class Wrapping:
    """As `DistributedDataParallel` does."""

    def __init__(self, module):
        self.module = module


THINGS = {
    "Keras 2": (
        Sequential(),
        "tf_keras.src.engine.sequential.Sequential. It is of Keras 2: build the model with Keras 3",
    ),
    "module": (Net(), r"TorchModuleWrapper\(module\)"),
    "function": (np.tanh, r"Lambda\(function\)"),
    "layer": (keras.layers.Dense(3), r"keras.Sequential\(\[layer\]\)"),
    "class": (keras.Sequential, "This is a class"),
    "estimator": (LogisticRegression(), "no gradients"),
    "no file": ("cats.keras", r"No such file: 'cats\.keras'"),
    "file": (__file__, r"keras\.saving\.load_model\('.*test_foreign\.py'\)"),
    "wrapped": (Wrapping(keras.Sequential()), r"Give the Keras model inside: its \.module"),
    "nothing": (None, "Received: builtins.NoneType"),
}


@pytest.mark.parametrize("thing", THINGS)
def test_each_thing_is_refused_with_advice(thing):
    model, advice = THINGS[thing]
    with pytest.raises(TypeError, match=rf"Expected a keras\.Model\. .*{advice}"):
        require_model(model)


def test_a_model_is_none_of_them():
    require_model(keras.Sequential())


def begin(model, folder):
    callback = ks.SaliencyCallback(PROBES, log_dir=folder)
    callback.set_model(model)
    callback.on_train_begin()


DOORS = {
    "explain": lambda model, folder: ks.explain(model, PROBES),
    "check": lambda model, folder: ks.check(model, PROBES),
    "ScoredModel": lambda model, folder: ks.ScoredModel(model),
    "callback": begin,
    "look": lambda model, folder: ks.SaliencyCallback(PROBES, log_dir=folder).look(model, 0),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_every_door_says_so(door, tmp_path):
    with pytest.raises(TypeError, match="TorchModuleWrapper"):
        door(Net(), tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="SavedModels are TensorFlow's")
def test_a_saved_model_is_refused(tmp_path):
    import tensorflow as tf

    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]).export(tmp_path, verbose=False)
    with pytest.raises(TypeError, match="TFSMLayer"):
        require_model(tf.saved_model.load(tmp_path))
