"""Functions of PyTorch that are called past Keras: ReLUs, softmax, what lies inside a wrapped module."""

import copy

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.errors import LogitsNotFoundError, MethodDoesNotApplyError

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
