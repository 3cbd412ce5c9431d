"""Modules of other frameworks inside Keras."""

import keras
from keras import layers

CLASSES = 3
SIDE = 16


def torch_module(activation):
    """A PyTorch network, which takes channels first, between Keras' layers."""
    import torch

    body = torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(6, 8, 3), torch.nn.ReLU()
    )
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Permute((3, 1, 2))(inputs)
    x = layers.TorchModuleWrapper(body, name="body", output_shape=(None, 8, 5, 5))(x)
    x = layers.GlobalAveragePooling2D(data_format="channels_first")(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation=activation)(x))


def flax_module(activation):
    """A Flax network between Keras' layers."""
    import flax.linen as nn
    from keras.src.utils.jax_layer import FlaxLayer

    class Body(nn.Module):
        @nn.compact
        def __call__(self, x, training=False):
            x = nn.relu(nn.Conv(6, (3, 3), strides=2)(x))
            return nn.relu(nn.Conv(8, (3, 3))(x))

    inputs = keras.Input((SIDE, SIDE, 3))
    x = FlaxLayer(Body(), name="body")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation=activation)(x))
