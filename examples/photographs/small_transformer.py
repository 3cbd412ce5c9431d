"""A small vision transformer (Dosovitskiy et al. 2020, arXiv:2010.11929), trained to tell photographs apart.

It has a class token, four layers of attention and some 150 000 weights, and sees crops of 64 pixels in false colours.
It is a toy: it shows what the methods for attention draw, and nothing about transformers that were trained on more.
"""

import keras
import numpy as np
from keras import layers, ops
from skimage import transform

SIDE, PATCH, WIDTH, HEADS, DEPTH = 64, 8, 64, 4, 4
CROPS = 160
"""Of each photograph."""


class Tokens(layers.Layer):
    """A class token before the patches, and places added to all."""

    def build(self, shape):
        self.first = self.add_weight(shape=(1, 1, shape[-1]), initializer="zeros", name="class_token")
        self.places = self.add_weight(
            shape=(1, shape[1] + 1, shape[-1]),
            initializer=keras.initializers.RandomNormal(0.02),
            name="places",
        )

    def call(self, patches):
        first = ops.broadcast_to(self.first, (ops.shape(patches)[0], 1, patches.shape[-1]))
        return ops.concatenate([first, patches], axis=1) + self.places


def small_transformer(classes):
    """The network, not trained: `(n, 64, 64, 3)` from 0 to 255 → `(n, classes)`."""
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(1 / 128, offset=-1)(inputs)
    x = layers.Conv2D(WIDTH, PATCH, strides=PATCH, name="patches")(x)
    x = Tokens(name="tokens")(layers.Reshape(((SIDE // PATCH) ** 2, WIDTH))(x))
    for number in range(DEPTH):
        y = layers.LayerNormalization()(x)
        x = layers.Add()(
            [x, layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"attention_{number}")(y, y)]
        )
        y = layers.Dense(2 * WIDTH, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(WIDTH)(y)])
    x = layers.LayerNormalization()(x)[:, 0]
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="small_transformer")


def trained(photographs):
    """The network after eight epochs on crops of the photographs `(n, height, width, 3)`, and how often it is right.

    The share is that of crops which it was not trained on. Sets Keras' and the global random seeds.
    """
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    model = small_transformer(len(photographs))
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = _crops(photographs, CROPS, rng)
    model.fit(x, y, batch_size=32, epochs=8, verbose=0)
    return model, model.evaluate(*_crops(photographs, CROPS // 4, rng), verbose=0)[1]


def _crops(photographs, count, rng):
    """Crops of 40 to 100 % of each photograph's side, mirrored, and with a gain of its own for each colour."""
    crops = np.stack([_crop(photograph, rng) for photograph in photographs for _ in range(count)])
    return crops.astype("float32"), np.repeat(np.arange(len(photographs)), count)


def _crop(photograph, rng):
    length = len(photograph)
    side = int(rng.uniform(0.4, 1) * length)
    top, left = rng.integers(0, length - side + 1, 2)
    crop = photograph[top : top + side, left : left + side]
    crop = transform.resize(crop[:, :: rng.choice([-1, 1])], (SIDE, SIDE), anti_aliasing=True)
    return np.clip(crop * rng.uniform(0.5, 1.5, 3), 0, 255)
