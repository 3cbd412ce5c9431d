"""A model that was packed and opened again is the same function, and packing leaves no trace."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_saliency.engine import PackedModel
from keras_saliency.engine.compiled import trained_link
from keras_saliency.engine.outputs import OutputPlace
from keras_saliency.errors import SaliencyError
from tests.states import bits, global_states

pytestmark = pytest.mark.backend


@keras.saving.register_keras_serializable("packed")
class Registered(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


class Unregistered(layers.Layer):
    def call(self, inputs):
        return inputs + 1


class Forgetful(layers.Layer):
    """Its configuration lacks what it is made of."""

    def __init__(self, factor, **settings):
        super().__init__(**settings)
        self.factor = factor

    def get_config(self):
        return super().get_config()

    def call(self, inputs):
        return self.factor * inputs


class Unsaved(Forgetful):
    def get_config(self):
        raise NotImplementedError("No configuration")


def network(*parts):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6, 6, 1)), *parts, layers.Flatten(), layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.fixture
def elsewhere(monkeypatch):
    """A process that has not registered anything."""

    def leave():
        monkeypatch.setattr("keras.src.saving.object_registration.GLOBAL_CUSTOM_OBJECTS", {})

    return leave


def test_it_is_the_same_function(elsewhere):
    model = network(Registered(), Unregistered(), layers.Lambda(lambda inputs: inputs**2))
    images = np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype("float32")
    packed = PackedModel.of(model)
    elsewhere()
    opened = packed.open()
    expected = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(opened(images)), expected, rtol=1e-6)
    assert trained_link(opened, OutputPlace("dense", (), 0, 1), 3) == "softmax"


def test_packing_and_opening_leave_no_trace():
    model = network(Registered())
    before, weights = global_states(), bits(model.variables)
    PackedModel.of(model).open()
    np.testing.assert_equal(global_states(), before)
    np.testing.assert_equal(bits(model.variables), weights)


def test_what_keras_cannot_save_is_refused():
    with pytest.raises(SaliencyError, match="cannot be sent to other processes, as Keras cannot save it"):
        PackedModel.of(network(Unsaved(3.0)))


def test_what_keras_cannot_open_is_refused():
    packed = PackedModel.of(network(Forgetful(3.0)))
    with pytest.raises(
        SaliencyError, match=r"cannot be opened.*argument: 'factor'\. .*get_config complete"
    ) as raised:
        packed.open()
    assert "\n" not in str(raised.value)
