"""Layers that draw random numbers or keep state, at inference too."""

import keras
from keras import layers, ops


class Counts(layers.Layer):
    """Updates its state at inference too."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.calls.assign_add(1.0)
        axes = tuple(range(len(inputs.shape) - 1))
        self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(inputs, axes))
        return inputs


class AlwaysNoise(layers.Layer):
    """Draws at inference too, with its own seeds or with Keras' global ones."""

    def __init__(self, seeded):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(3) if seeded else None

    def call(self, inputs):
        noise = keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seeds)
        return inputs + 0.1 * noise


class AlwaysDropout(layers.Layer):
    """Drops at inference too."""

    def __init__(self, seed=None):
        super().__init__()
        self.dropout = layers.Dropout(0.5, seed=seed)

    def call(self, inputs):
        return self.dropout(inputs, training=True)
