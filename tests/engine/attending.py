"""Small networks with attention, and questions to them."""

import keras
import numpy as np
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.probes.targets import as_target, bind
from tests.methods.transformers import WIDTH

IMAGES = np.random.default_rng(0).random((3, 8, 8, 2), "float32")


def asked(model, inputs=IMAGES, target=1, **options):
    count = len(inputs[0] if isinstance(inputs, list) else inputs)
    return Question(ScoredModel(model, **options), inputs, bind(as_target(target), count, None))


def over(attend, inputs=None, shape=(16, WIDTH)):
    """A model that pools what `attend` makes of 16 tokens."""
    inputs = keras.Input((8, 8, 2)) if inputs is None else inputs
    x = layers.Reshape(shape)(layers.Conv2D(WIDTH, 2, strides=2, name="patches")(inputs))
    x = attend(x)
    pool = layers.GlobalAveragePooling1D if len(x.shape) == 3 else layers.GlobalAveragePooling2D
    return keras.Model(inputs, layers.Dense(3)(pool()(x)))


class Own(keras.layers.Layer):
    """Attention written out: among tokens, or among channels."""

    def __init__(self, heads=2, among="tokens", **options):
        super().__init__(**options)
        self.heads, self.among = heads, among

    def build(self, shape):
        self.project = layers.Dense(2 * shape[-1])

    def call(self, x):
        tokens, width = x.shape[1:]
        query, key = (
            ops.reshape(part, (-1, tokens, self.heads, width // self.heads))
            for part in ops.split(self.project(x), 2, axis=-1)
        )
        value = ops.reshape(x, (-1, tokens, self.heads, width // self.heads))
        if self.among == "tokens":
            weights = ops.softmax(ops.einsum("bqhd,bkhd->bhqk", query, key))
            mixed = ops.einsum("bhqk,bkhd->bqhd", weights, value)
        elif self.among == "whole":
            mixed = ops.dot_product_attention(query, key, value)
        else:
            weights = ops.softmax(ops.einsum("bthd,bthe->bhde", query, key))
            mixed = ops.einsum("bhde,bthe->bthd", weights, value)
        return ops.reshape(mixed, (-1, tokens, width))


def attended(x, name="attention"):
    return layers.MultiHeadAttention(2, 3, name=name)(x, x)
