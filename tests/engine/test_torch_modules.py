"""PyTorch modules inside Keras models, against PyTorch alone: `torch.autograd` on the bare module."""

import copy

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import LogitsNotFoundError, MethodDoesNotApplyError, ModelRejectedInputsError
from keras_saliency.probes.targets import as_target, bind
from tests.states import global_states

if keras.backend.backend() != "torch":
    pytest.skip("modules of PyTorch work on PyTorch", allow_module_level=True)

import torch
from torch import nn
from torch.nn import functional

CLASS = 1
IMAGES = np.random.default_rng(0).normal(size=(4, 3, 10, 10)).astype("float32")


@pytest.fixture(autouse=True)
def channels_first():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


def module(*, inplace=False, end=()):
    """Convolutions, BatchNorm that has seen data, Dropout; it is in training."""
    made = nn.Sequential(
        nn.Conv2d(3, 6, 3),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace),
        nn.Sequential(nn.Dropout(0.5), nn.Conv2d(6, 6, 3), nn.ReLU(inplace)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 3),
        *end,
    )
    made(3 * torch.tensor(IMAGES) + 1)
    return made


def wrapped(made):
    return keras.Sequential([keras.layers.TorchModuleWrapper(made)])


def gradient(made, images=IMAGES, unit=CLASS):
    """Of one output unit, at inference, by PyTorch alone, on a copy."""
    twin = copy.deepcopy(made).eval()
    inputs = torch.tensor(images, requires_grad=True)
    (found,) = torch.autograd.grad(twin(inputs * 1)[:, unit].sum(), inputs)
    return found.numpy()


def explained(model, method="gradient", images=IMAGES):
    return ks.explain(model, images, method, target=CLASS)


def question(model):
    return Question(ScoredModel(model), IMAGES, bind(as_target(CLASS), len(IMAGES), None))


def others(model, seed=3):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=weight.shape).astype("float32") for weight in model.weights]


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


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
    assert [result.status for result in checks.results] == ["skipped", "skipped"]
    close(explained(model).maps, gradient(made))


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

    def compute_output_shape(self, shape):
        return (shape[0], 3)


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


def test_dropout_is_off_where_a_module_is_called_past_its_wrapper():
    model = InCall()
    first = explained(model).maps
    np.testing.assert_array_equal(first, explained(model).maps)


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


class Passes(torch.autograd.Function):
    """A ReLU whose gradient is by rule, made by hand."""

    @staticmethod
    def forward(ctx, inputs, guided, most):
        ctx.save_for_backward(inputs)
        ctx.guided, ctx.most = guided, most
        return inputs.clamp(0, most)

    @staticmethod
    def backward(ctx, upstream):
        (inputs,) = ctx.saved_tensors
        open_ = (inputs > 0) & (inputs < ctx.most) if ctx.guided else torch.ones_like(inputs)
        return upstream.clamp(min=0) * open_, None, None


class Rectified(nn.Module):
    """Two convolutions, each rectified by a function."""

    def __init__(self, rectify):
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 3)
        self.rectify = [rectify]

    def forward(self, images):
        x = self.rectify[0](self.first(images))
        return self.head(self.rectify[0](self.second(x)).mean((2, 3)))


SIX = {
    "F.relu6": functional.relu6,
    "nn.ReLU6": nn.ReLU6(inplace=True),
    "hardtanh": lambda x: functional.hardtanh(x, 0.0, 6.0),
}
RELUS = {
    "nn.ReLU": nn.ReLU(),
    "nn.ReLU inplace": nn.ReLU(inplace=True),
    "F.relu": functional.relu,
    "F.relu inplace": lambda x: functional.relu(x, inplace=True),
    "torch.relu": torch.relu,
    "torch.relu by name": lambda x: torch.relu(input=x),
    "torch.relu_": torch.relu_,
    "x.relu()": lambda x: x.relu(),
    "x.relu_()": lambda x: (x.relu_(), x)[1],
    "threshold": lambda x: functional.threshold(x, 0.0, 0.0),
    "leaky without slope": lambda x: functional.leaky_relu(x, 0.0),
    **SIX,
}


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
@pytest.mark.parametrize("spelling", RELUS)
def test_every_spelling_of_relu_follows_the_rule(spelling, method):
    made, images = Rectified(RELUS[spelling]), 4 * IMAGES
    by_hand = copy.deepcopy(made)
    most = 6.0 if spelling in SIX else float("inf")
    by_hand.rectify = [lambda x: Passes.apply(x, method == "guided_backprop", most)]
    found = explained(wrapped(made), method, images)
    close(found.maps, gradient(by_hand, images))
    assert found.diagnostics == {"explained": "input", "rectifiers": 2, "unreached": ()}
    assert np.abs(found.maps - gradient(made, images)).max() > 0.1 * np.abs(found.maps).max()


def test_relus_of_keras_and_of_a_module_in_one_model():
    made = nn.Sequential(
        nn.Conv2d(4, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    image = keras.Input((3, 10, 10))
    first = keras.layers.Conv2D(4, 3, activation="relu")
    model = keras.Model(image, keras.layers.TorchModuleWrapper(made, output_shape=(None, 3))(first(image)))
    assert explained(model, "guided_backprop").diagnostics["rectifiers"] == 2


@pytest.mark.parametrize("rectify", [nn.GELU(), functional.hardtanh, lambda x: functional.leaky_relu(x, 0.1)])
def test_what_is_no_relu_is_none(rectify):
    with pytest.raises(MethodDoesNotApplyError, match="Rectifiers found: none at all"):
        explained(wrapped(Rectified(rectify)), "guided_backprop")


@pytest.mark.parametrize(
    "clamp", [lambda x: x.clamp(min=0), lambda x: torch.clamp(x, 0), lambda x: x.clip(0, 5)]
)
def test_a_clamp_at_0_keeps_its_gradient_and_is_named(clamp):
    with pytest.raises(MethodDoesNotApplyError, match="Rectifiers found: a maximum with 0"):
        explained(wrapped(Rectified(clamp)), "guided_backprop")


def test_a_scripted_module_is_named_beside_what_follows_the_rule():
    with pytest.deprecated_call():
        made = torch.jit.script(nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten()).eval())
    model = keras.Sequential(
        [keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.TorchModuleWrapper(made)]
    )
    with pytest.warns(ks.SaliencyWarning, match="keeps the plain gradient of layer '.*TorchModuleWrapper"):
        explained(model, "guided_backprop")


ENDS = {
    "softmax": nn.Softmax(1),
    "softmax, last axis": nn.Softmax(-1),
    "log-softmax": nn.LogSoftmax(1),
    "sigmoid": nn.Sigmoid(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_score_before_a_softmax_inside_is_found(end):
    made = module(end=[end])
    found = explained(wrapped(made))
    assert found.score_kind == "logit"
    close(found.maps, gradient(made[:-1]))


class ByHand(nn.Module):
    def forward(self, logits):
        return logits.exp() / logits.exp().sum(1, keepdim=True)


class InPlace(nn.Module):
    def forward(self, logits):
        return torch.sigmoid_(logits)


@pytest.mark.parametrize("end", [ByHand(), InPlace()])
def test_a_softmax_that_is_not_seen_is_refused(end):
    with pytest.raises(LogitsNotFoundError, match="Ways out"):
        explained(wrapped(module(end=[end])))


def test_a_feature_map_inside_a_module_is_refused():
    model = wrapped(module())
    with pytest.raises(MethodDoesNotApplyError, match="may lie inside 'torch_module.*a layer of its own"):
        explained(model, "grad_cam")
    with pytest.raises(ValueError, match=r"No layer .*may lie inside"):
        explained(model, ks.GradCAM(layer=f"{model.layers[0].name}.3"))


def test_a_module_in_front_can_be_named():
    body, head = module()[:4], module()[4:]
    model = keras.Sequential([keras.layers.TorchModuleWrapper(part) for part in (body, head)])
    found = question(model).layer(model.layers[0].name)
    features = body.eval()(torch.tensor(IMAGES)).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(head.eval()(features)[:, CLASS].sum(), features)
    close(found.activations, features.detach().numpy().transpose(0, 2, 3, 1))
    close(found.gradients, slope.numpy().transpose(0, 2, 3, 1))


def test_a_module_without_weights_hides_no_feature_map():
    ends = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)]
    model = keras.Sequential([keras.layers.TorchModuleWrapper(part) for part in (module()[:4], *ends)])
    assert question(model).layer().layer == model.layers[0].name
