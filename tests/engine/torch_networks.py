"""PyTorch modules wrapped by Keras, and what PyTorch says of them alone."""

import copy

import keras
import numpy as np
import torch
from torch import nn

import keras_saliency as ks
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.probes.targets import as_target, bind

CLASS = 1
IMAGES = np.random.default_rng(0).normal(size=(4, 3, 10, 10)).astype("float32")


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


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
