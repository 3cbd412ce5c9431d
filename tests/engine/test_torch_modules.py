"""PyTorch modules inside Keras models, against PyTorch alone: `torch.autograd` on the bare module."""

import copy

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.errors import MethodDoesNotApplyError, ModelRejectedInputsError
from tests.states import global_states

if keras.backend.backend() != "torch":
    pytest.skip("modules of PyTorch work on PyTorch", allow_module_level=True)

import torch
from torch import nn
from torch.nn import functional

from tests.engine.torch_networks import CLASS, IMAGES, close, explained, gradient, module, question, wrapped


@pytest.fixture(autouse=True)
def channels_first():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


def others(model, seed=3):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=weight.shape).astype("float32") for weight in model.weights]


def state(made):
    """All that a call of a module may change, as bytes and by identity."""
    return {
        **{name: (id(part), part.training) for name, part in made.named_modules()},
        **{
            f"tensor {name}": (id(tensor), tensor.detach().numpy().tobytes())
            for name, tensor in (*made.named_parameters(), *made.named_buffers())
        },
    }


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = module().requires_grad_(False)

    def forward(self, images):
        return self.body(images)


class Shares(nn.Module):
    """One convolution, called twice and held twice."""

    def __init__(self):
        super().__init__()
        self.first = self.second = nn.Conv2d(3, 3, 3, padding=1)
        self.head = nn.Linear(3, 3)

    def forward(self, images):
        return self.head(torch.tanh(self.second(torch.tanh(self.first(images)))).mean((2, 3)))


class Recurrent(nn.Module):
    """Keeps a list of its own of its weights."""

    def __init__(self):
        super().__init__()
        self.rows, self.head = nn.LSTM(30, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, images):
        return self.head(self.rows(images.transpose(1, 2).flatten(2))[0][:, -1])


MODULES = {
    "plain": module,
    "inplace": lambda: module(inplace=True),
    "writes into its input": lambda: nn.Sequential(nn.ReLU(inplace=True), module()),
    "frozen": Frozen,
    "shared": Shares,
    "recurrent": Recurrent,
    "weight norm": lambda: nn.Sequential(
        nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(300, 3))
    ),
    "compiled": lambda: torch.compile(module(), backend="eager"),
}
EACH_MODULE = pytest.mark.parametrize("make", MODULES.values(), ids=MODULES)


@EACH_MODULE
def test_its_gradient_is_that_of_the_bare_module(make):
    made = make()
    expected = gradient(getattr(made, "_orig_mod", made))
    close(explained(wrapped(made)).maps, expected)


@EACH_MODULE
def test_other_weights_reach_its_parameters_and_leave_them(make):
    made = make()
    model, values = wrapped(made), None
    before, values = state(made), others(model)
    asked = question(model).with_weights(values)
    found = asked.gradients().maps
    assert state(made) == before
    twin = copy.deepcopy(getattr(made, "_orig_mod", made))
    with torch.no_grad():
        for parameter, value in zip(_in_keras_order(twin), values, strict=True):
            parameter.copy_(torch.tensor(value))
    close(found, gradient(twin))
    close(asked.scores.values, twin.eval()(torch.tensor(IMAGES))[:, CLASS].detach().numpy())


def _in_keras_order(made):
    """Keras lists what is trained before what is frozen."""
    parameters = list(made.parameters())
    return [p for p in parameters if p.requires_grad] + [p for p in parameters if not p.requires_grad]


def test_two_wrappers_of_one_module_keep_one_set_of_weights():
    made = nn.Conv2d(3, 3, 3, padding=1)
    size = (None, 3, 10, 10)
    image = keras.Input((3, 10, 10))
    x = keras.layers.TorchModuleWrapper(made, output_shape=size)(image)
    x = keras.layers.TorchModuleWrapper(made, output_shape=size)(x)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(x))
    values = others(model)
    asked = question(model).with_weights([*values[:2], *values[:2]])
    with torch.no_grad():
        for parameter, value in zip(made.parameters(), values[:2], strict=True):
            parameter.copy_(torch.tensor(value))
    expected = made(made(torch.tensor(IMAGES))).mean((2, 3))[:, CLASS]
    close(asked.scores.values, expected.detach().numpy())


def test_parameters_that_keras_does_not_know_are_refused():
    made = module()
    model = wrapped(made)
    made[-1] = nn.Linear(6, 3)
    with pytest.raises(MethodDoesNotApplyError, match="Wrap a module once it has all its parameters"):
        question(model).with_weights(others(model))
    checks = ks.check(model, ks.ProbeSet(IMAGES), ["untrained", "parameter_randomization"])
    assert [result.status for result in checks.results] == ["errored", "errored"]
    close(explained(model).maps, gradient(made))


def test_a_layer_of_keras_inside_a_module_is_refused_other_weights():
    """It reads a variable of its own, which the model does not know."""
    layer = keras.layers.Dense(3)
    layer.build((None, 300))
    model = wrapped(nn.Sequential(nn.Flatten(), layer))
    assert explained(model).maps.any()
    with pytest.raises(MethodDoesNotApplyError, match="no layer of Keras in it"):
        question(model).with_weights(others(model))


def test_randomised_weights_change_the_maps():
    report = ks.check(wrapped(module()), ks.ProbeSet(IMAGES, [0, 1, 2, 0]), "parameter_randomization")
    assert report.passed
    assert report.results[0].value < 0.2


class Counts(nn.Module):
    """Counts its calls, in place and by a new tensor; also at inference."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("again", torch.zeros(()))

    def forward(self, inputs):
        self.calls += 1
        self.again = self.again + 1
        return inputs


class InCall(keras.Model):
    """Calls a module, and a part of it past its wrapper."""

    def __init__(self):
        super().__init__()
        self.net, self.head = nn.Sequential(module(), Counts()), keras.layers.Dense(3)

    def call(self, images):
        features = self.net(images)
        return self.head(functional.relu(features + self.net.module[0](images)))


@pytest.mark.parametrize("method", ["gradient", "guided_backprop"])
@pytest.mark.parametrize("training", [True, False])
def test_a_look_leaves_flags_and_buffers(training, method):
    made = nn.Sequential(module(), Counts())
    made[0].train(training)
    model = wrapped(made)
    before = state(made)
    explained(model, method)
    elsewhere = global_states()
    explained(model, method)
    question(model).with_weights(others(model)).gradients()
    assert state(made) == before
    np.testing.assert_equal(global_states(), elsewhere)


def test_a_look_that_builds_the_model_leaves_them_too():
    model = InCall()
    before = state(model.net.module)
    explained(model)
    assert state(model.net.module) == before


class Late(keras.layers.Layer):
    """Makes its module when it is built."""

    def build(self, shape):
        self.net = nn.Sequential(module(), Counts())

    def call(self, images):
        return self.net(images)


def test_a_module_that_is_made_while_a_look_builds_the_model_is_as_made():
    model = keras.Sequential([Late(), keras.layers.Dense(3)])
    explained(model)
    made, counter = model.layers[0].net.module
    assert counter.calls == counter.again == 0
    assert made[1].num_batches_tracked == 1  # `module` has counted one
    assert all(part.training for part in (*made.modules(), counter))


def test_a_look_that_fails_leaves_them():
    class Fails(nn.Module):
        def forward(self, inputs):
            raise RuntimeError("on purpose")

    made = nn.Sequential(Counts(), Fails())
    before = state(made)
    with pytest.raises(ModelRejectedInputsError, match="on purpose"):
        explained(wrapped(made))
    assert state(made) == before


class Past(keras.Model):
    """Calls a module past its wrapper alone."""

    def __init__(self):
        super().__init__()
        self.net = module()

    def call(self, images):
        return self.net.module(images)


def test_dropout_is_off_where_a_module_is_called_past_its_wrapper():
    model = Past()
    close(explained(model).maps, gradient(model.net.module))


def test_training_with_looks_ends_as_without(tmp_path):
    def trained(*callbacks):
        keras.utils.set_random_seed(1)
        made = module()
        model = wrapped(made)
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(
            IMAGES, np.array([0, 1, 2, 0]), batch_size=2, epochs=2, verbose=0, callbacks=list(callbacks)
        )
        return [tensor.numpy() for tensor in made.state_dict().values()]

    looks = ks.SaliencyCallback(ks.ProbeSet(IMAGES), log_dir=tmp_path)
    for with_looks, without in zip(trained(looks), trained(), strict=True):
        np.testing.assert_array_equal(with_looks, without)
