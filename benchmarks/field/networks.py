"""The networks of the field, from pixels in 0 … 1 to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

Shape = tuple[int, int, int]


def cnn(shape: Shape, classes: int) -> keras.Model:
    """Two convolutions and two dense layers, as the demo's."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def residual(shape: Shape, classes: int) -> keras.Model:
    """Three residual blocks with batch normalisation (He et al. 2016, arXiv:1603.05027), and a mean over all places."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
    for filters, strides in ((16, 1), (24, 2), (32, 2)):
        y = _normalised(x)
        shortcut = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(y)
        y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(y)
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(_normalised(y))
        x = layers.Add()([shortcut, y])
    x = layers.GlobalAveragePooling2D()(_normalised(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def vit(shape: Shape, classes: int, width: int = 32, depth: int = 2, patch: int = 4) -> keras.Model:
    """A small vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929) that reads the mean of its tokens."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(width, patch, strides=patch)(inputs)
    x = layers.Reshape((tokens := x.shape[1] * x.shape[2], width))(x)
    x = layers.EinsumDense("btd,de->bte", (tokens, width), bias_axes="te", name="positions")(x)
    for _ in range(depth):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(4, width // 4)(y, y)])
        y = layers.Dense(2 * width, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(width)(y)])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def lite0(shape: Shape, classes: int) -> keras.Model:
    """EfficientNet-Lite0 as trained on ImageNet, which stays as it is, with a new last layer."""
    from examples.photographs.lite0 import efficientnet_lite0

    whole = efficientnet_lite0(size=shape[0])
    trunk = keras.Model(whole.inputs, whole.layers[-2].output)
    trunk.trainable = False  # said at its making it would not reach the layers
    head = layers.Dense(classes, activation="softmax")
    return keras.Sequential([keras.Input(shape), layers.Rescaling(255), trunk, head])


NETWORKS: dict[str, Callable[[Shape, int], keras.Model]] = {
    "cnn": cnn,
    "residual": residual,
    "vit": vit,
    "lite0": lite0,
}


def _normalised(x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
