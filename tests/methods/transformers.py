"""A small vision transformer, and the same by hand with an offset of every layer's attention."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

WIDTH, HEADS, CLASSES = 6, 2, 3


class WithTokens(keras.layers.Layer):
    """Puts tokens of its own before the others."""

    def __init__(self, count=1, **options):
        super().__init__(**options)
        self.count = count

    def build(self, shape):
        self.own = self.add_weight(shape=(1, self.count, shape[-1]), initializer="random_normal", name="own")

    def call(self, x):
        return ops.concatenate([ops.repeat(self.own, ops.shape(x)[0], axis=0), x], axis=1)


def attention(name):
    return layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=name)


def transformer(side=8, channels=2, patch=2, pool="class", make_attention=attention, blocks=2):
    """`"class"`: the first of 1 + patches tokens is read; `"both"`: the first two; `"mean"`: all patches are pooled."""
    inputs = keras.Input((side, side, channels))
    x = layers.Conv2D(WIDTH, patch, strides=patch, name="patches")(inputs)
    x = layers.Reshape((-1, WIDTH))(x)
    if pool != "mean":
        x = WithTokens(1 if pool == "class" else 2, name="tokens")(x)
    for number in range(blocks):
        y = layers.LayerNormalization(name=f"norm_{number}")(x)
        x = x + make_attention(f"attention_{number}")(y, y)
        x = x + layers.Dense(WIDTH, activation="gelu", name=f"mlp_{number}")(x)
    read = {
        "class": lambda x: x[:, 0],
        "both": lambda x: x[:, 0] + x[:, 1],
        "mean": layers.GlobalAveragePooling1D(),
    }
    seen = read[pool](x)
    head = layers.Dense(CLASSES, activation="softmax", name="head")
    return keras.Model(inputs, head(seen), name="transformer")


def with_fixed_weights(model, seed=0, size=0.6):
    """The same weights on every backend."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(scale=size, size=weight.shape) for weight in model.get_weights()])
    return model


@dataclass
class ByHand:
    """The transformer written out: from images and offsets to the logits, and the weights of attention."""

    model: Any
    pool: str = "class"
    patch: int = 2
    blocks: int = 2

    def weights(self, images):
        """`(n, heads, tokens, tokens)` for each layer."""
        return [ops.convert_to_numpy(one) for one in self._run(images, [0.0] * self.blocks)[1]]

    def logits(self, images, offsets):
        """With an offset of each layer's weights."""
        return self._run(images, offsets)[0]

    def tokens(self, images):
        """`(n, tokens, width)` that enter the last block."""
        return ops.convert_to_numpy(self._run(images, [0.0] * self.blocks)[2])

    def logits_from(self, images, offset):
        """With an offset of the tokens that enter the last block."""
        return self._run(images, [0.0] * self.blocks, offset)[0]

    def _part(self, name):
        return [ops.convert_to_tensor(weight) for weight in self.model.get_layer(name).get_weights()]

    def _run(self, images, offsets, of_tokens=0.0):
        n, side, _, channels = images.shape
        rows = side // self.patch
        kernel, bias = self._part("patches")
        parts = images.reshape(n, rows, self.patch, rows, self.patch, channels).transpose(0, 1, 3, 2, 4, 5)
        x = ops.convert_to_tensor(parts.reshape(n, rows * rows, -1)) @ ops.reshape(kernel, (-1, WIDTH)) + bias
        if self.pool != "mean":
            (own,) = self._part("tokens")
            x = ops.concatenate([ops.repeat(own, n, axis=0), x], axis=1)
        seen = []
        for number in range(self.blocks):
            if number == self.blocks - 1:
                entering = x
                x = x + of_tokens
            scale, shift = self._part(f"norm_{number}")
            centred = x - ops.mean(x, axis=-1, keepdims=True)
            y = centred / ops.sqrt(ops.mean(centred**2, axis=-1, keepdims=True) + 1e-3) * scale + shift
            q, qb, k, kb, v, vb, o, ob = self._part(f"attention_{number}")
            query, key, value = (
                ops.einsum("ntw,whd->nhtd", y, kernel) + bias[None, :, None]
                for kernel, bias in ((q, qb), (k, kb), (v, vb))
            )
            logits = query @ ops.transpose(key, (0, 1, 3, 2)) / np.sqrt(WIDTH // HEADS)
            exponentials = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
            attended = exponentials / ops.sum(exponentials, axis=-1, keepdims=True)
            seen.append(attended)
            x = x + ops.einsum("nhqd,hdw->nqw", (attended + offsets[number]) @ value, o) + ob
            kernel, bias = self._part(f"mlp_{number}")
            x = x + ops.gelu(x @ kernel + bias, approximate=False)
        read = {"class": x[:, 0], "both": x[:, 0] + x[:, 1], "mean": ops.mean(x, axis=1)}[self.pool]
        kernel, bias = self._part("head")
        return read @ kernel + bias, seen, entering
