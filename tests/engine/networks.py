"""Small networks of every kind. Each builder takes the activation of the last layer: None builds the twin whose
output is the logits."""

import keras
import numpy as np
from keras import layers, ops

CLASSES = 3


def images(*shape, count=3, seed=0):
    """Float images from −1 to 1."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, *shape)).astype("float32")


def pixels(*shape, count=3, seed=0):
    """The same as bytes."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype="uint8")


def twin_of(model, build, inputs):
    """The same network without its last activation, with the same weights."""
    twin = build(None)
    twin(inputs)
    twin.set_weights(model.get_weights())
    return twin


def sequential(activation, shape=(8, 8, 1), dtype=None):
    return keras.Sequential(
        [
            layers.Input(shape),
            layers.Conv2D(4, 3, activation="relu", dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(CLASSES, activation=activation, dtype=dtype),
        ]
    )


def functional(activation):
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization(moving_mean_initializer="random_normal")(x))
    x = layers.Add()([x, layers.Conv2D(4, 1)(inputs)])
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(CLASSES, activation=activation)(x))


class Subclassed(keras.Model):
    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(4, 3, activation="relu")
        self.flatten = layers.Flatten()
        self.dense = layers.Dense(CLASSES, activation=activation)

    def call(self, inputs):
        return self.dense(self.flatten(self.conv(inputs)))


class SubclassedOfBytes(Subclassed):
    def call(self, inputs):
        return super().call(ops.cast(inputs, "float32") / 255.0)


def nested(activation):
    inputs = keras.Input((8, 8, 1))
    backbone = keras.Sequential(
        [layers.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="tanh"), layers.Flatten()]
    )
    head = keras.Sequential(
        [layers.Dense(5, activation="relu"), layers.Dense(CLASSES, activation=activation)]
    )
    return keras.Model(inputs, head(backbone(inputs)))


def deferred(activation):
    return keras.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(CLASSES, activation=activation),
        ]
    )


def two_inputs(activation, by_name=False, second="float32"):
    """An image and a vector (or, as integers, a category), by name or by position."""
    image, extra = keras.Input((8, 8, 1), name="image"), keras.Input((2,), name="extra", dtype=second)
    seen = layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(image))
    known = layers.Flatten()(layers.Embedding(5, 3)(extra)) if second == "int32" else extra
    x = layers.Dense(6, activation="tanh")(layers.Concatenate()([seen, known]))
    inputs = {"image": image, "extra": extra} if by_name else [image, extra]
    return keras.Model(inputs, layers.Dense(CLASSES, activation=activation)(x))


def channels_first(activation):
    return keras.Sequential(
        [
            layers.Input((3, 8, 8)),
            layers.AveragePooling2D(2, data_format="channels_first"),
            layers.Flatten(data_format="channels_first"),
            layers.Dense(CLASSES, activation=activation),
        ]
    )


def unknown_size(activation):
    return keras.Sequential(
        [
            layers.Input((None, None, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(CLASSES, activation=activation),
        ]
    )


def segmentation(activation):
    return keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.Conv2D(CLASSES, 1, activation=activation),
        ]
    )


def units(count, activation):
    """A network with `count` output units."""
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(6, activation="tanh"),
            layers.Dense(count, activation=activation),
        ]
    )


def two_outputs(activation, by_name=False):
    """An animal (softmax) and an age (linear), by name or by position."""
    inputs = keras.Input((8, 8, 1))
    x = layers.Dense(6, activation="relu")(layers.Flatten()(inputs))
    animal = layers.Dense(CLASSES, activation=activation, name="animal")(x)
    age = layers.Dense(1, name="age")(x)
    return keras.Model(inputs, {"animal": animal, "age": age} if by_name else [animal, age])
