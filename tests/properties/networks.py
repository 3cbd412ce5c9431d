"""Random small networks: a frozen description, drawn by hypothesis, and the Keras model made from it."""

from dataclasses import dataclass

import keras
import numpy as np
from hypothesis import strategies as st
from keras import layers, ops

from tests.engine.stateful import AlwaysDropout, AlwaysNoise, Counts

SIDE, CHANNELS, CLASSES, EXAMPLES = 6, 4, 3, 16
BACKEND = keras.backend.backend()


def convolution(**options):
    return layers.Conv2D(CHANNELS, 3, padding="same", **options)


LAYERS = {
    "convolution": convolution,
    "convolution with relu": lambda: convolution(activation="relu"),
    "regularized": lambda: convolution(kernel_regularizer="l2", activity_regularizer="l1"),
    "frozen": lambda: convolution(trainable=False),
    "depthwise": lambda: layers.DepthwiseConv2D(3, padding="same"),
    "separable": lambda: layers.SeparableConv2D(CHANNELS, 3, padding="same"),
    "transposed": lambda: layers.Conv2DTranspose(CHANNELS, 3, padding="same"),
    "spectral": lambda: layers.SpectralNormalization(convolution()),
    "dense": lambda: layers.Dense(CHANNELS, activation="tanh"),
    "max pooling": lambda: layers.MaxPooling2D(2, strides=1, padding="same"),
    "average pooling": lambda: layers.AveragePooling2D(2, strides=1, padding="same"),
    "relu": lambda: layers.Activation("relu"),
    "ReLU": lambda: layers.ReLU(max_value=6),
    "function": lambda: layers.Lambda(ops.relu),
    "maximum": lambda: layers.Lambda(lambda x: ops.maximum(x, 0.0)),
    "gelu": lambda: layers.Activation(keras.activations.gelu),
    "leaky": lambda: layers.LeakyReLU(0.1),
    "prelu": lambda: layers.PReLU(shared_axes=(1, 2)),
    "sigmoid": lambda: layers.Activation("sigmoid"),
    "softmax": lambda: layers.Softmax(),
    "dropout": lambda: layers.Dropout(0.3),
    "seeded dropout": lambda: layers.Dropout(0.3, seed=5),
    "spatial dropout": lambda: layers.SpatialDropout2D(0.3),
    "alpha dropout": lambda: layers.AlphaDropout(0.2),
    "gaussian dropout": lambda: layers.GaussianDropout(0.2),
    "gaussian noise": lambda: layers.GaussianNoise(0.2),
    "flip": lambda: layers.RandomFlip("horizontal"),
    "translation": lambda: layers.RandomTranslation(0.2, 0.2),
    "dropout at inference": AlwaysDropout,
    "noise at inference": lambda: AlwaysNoise(
        seeded=BACKEND == "jax"
    ),  # where Keras refuses to draw without a seed
    "state at inference": Counts,
    "batch normalization": lambda: layers.BatchNormalization(momentum=0.8),
    "layer normalization": lambda: layers.LayerNormalization(),
    "group normalization": lambda: layers.GroupNormalization(2),
    "unit normalization": lambda: layers.UnitNormalization(),
}
"""Each takes and returns `(n, SIDE, SIDE, CHANNELS)`."""


class Wrapped(layers.Layer):
    """A layer made of layers."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, inputs):
        return chained(self.parts, inputs)

    def compute_output_shape(self, shape):
        return shape


class Subclassed(keras.Model):
    """Has no variables before it is called; `late`, no layers either, and so draws its seeds late."""

    def __init__(self, make, late=False):
        super().__init__()
        self.make = make
        self.parts = [] if late else make()

    def build(self, shape):
        self.parts = self.parts or self.make()

    def call(self, inputs):
        return chained(self.parts, inputs)


def chained(parts, x):
    for part in parts:
        x = part(x)
    return x


def nested(parts):
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    return keras.Model(inputs, chained(parts, inputs))


def residual(parts):
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    return keras.Model(inputs, inputs + chained(parts, inputs))


def shared(parts):
    inputs, block = keras.Input((SIDE, SIDE, CHANNELS)), keras.Sequential(parts)
    return keras.Model(inputs, layers.Average()([block(inputs), block(block(-inputs))]))


def branches(parts):
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    joined = layers.Concatenate()([inputs, chained(parts, inputs)])
    return keras.Model(inputs, layers.Conv2D(CHANNELS, 1)(joined))


BLOCKS = {
    "nested": nested,
    "sequential": keras.Sequential,
    "residual": residual,
    "shared": shared,
    "branches": branches,
    "wrapped": Wrapped,
}


def made(part):
    """A layer by its name, or a block: its kind and its parts."""
    if isinstance(part, str):
        return LAYERS[part]()
    kind, parts = part
    return BLOCKS[kind]([made(inner) for inner in parts])


OUTPUTS = {
    "softmax": lambda: [layers.Dense(CLASSES, activation="softmax", dtype="float32")],
    "half": lambda: [layers.Dense(CLASSES, activation="softmax")],
    "activation": lambda: [layers.Dense(CLASSES), layers.Activation("softmax", dtype="float32")],
    "layer": lambda: [layers.Dense(CLASSES), layers.Softmax(dtype="float32")],
    "logits": lambda: [layers.Dense(CLASSES, dtype="float32")],
    "sigmoid": lambda: [layers.Dense(1, activation="sigmoid", dtype="float32")],
}
HEADS = {
    "flatten": layers.Flatten,
    "average": layers.GlobalAveragePooling2D,
    "maximum": layers.GlobalMaxPooling2D,
}
STEMS = {
    "convolution": lambda: layers.Conv2D(CHANNELS, 3, padding="same", activation="relu"),
    "dense": lambda: layers.Dense(CHANNELS),
}
KINDS = ("functional", "input", "deferred", "subclassed", "late")
INPUTS = ("image", "bytes", "image and vector", "image and category", "two images")


@dataclass(frozen=True)
class Network:
    """A classifier of small images. `kind` is how the model is spelled, `several` whether it has two outputs."""

    body: tuple = ()
    kind: str = "functional"
    inputs: str = "image"
    stem: str = "convolution"
    head: str = "flatten"
    output: str = "softmax"
    several: str = ""

    def model(self):
        """A new model, not compiled."""
        if self.kind in ("subclassed", "late"):
            return Subclassed(self.parts, late=self.kind == "late")
        if self.kind == "deferred":
            return keras.Sequential(self.parts())
        if self.kind == "input":
            return keras.Sequential([*self.images()[:1], *self.parts()])
        return self.functional()

    def images(self):
        dtype = "uint8" if self.inputs == "bytes" else "float32"
        return [keras.Input((SIDE, SIDE, 2), dtype=dtype, name=name) for name in ("image", "second")]

    def features(self):
        scaled = [layers.Rescaling(1 / 255)] if self.inputs == "bytes" else []
        return [*scaled, STEMS[self.stem](), *map(made, self.body), HEADS[self.head]()]

    def parts(self):
        return [*self.features(), *OUTPUTS[self.output]()]

    def functional(self):
        image, second = self.images()
        features = self.features()
        seen, inputs = chained(features, image), [image]
        if self.inputs == "two images":
            inputs.append(second)
            seen = layers.Subtract()([seen, chained(features, second)])
        if self.inputs == "image and vector":
            inputs.append(keras.Input((2,), name="extra"))
            seen = layers.Concatenate()([seen, inputs[1]])
        if self.inputs == "image and category":
            inputs.append(keras.Input((1,), dtype="int32", name="extra"))
            known = layers.Flatten()(layers.Embedding(5, 3)(inputs[1]))
            seen = layers.Concatenate()([seen, known])
        outputs = chained(OUTPUTS[self.output](), seen)
        if self.several:
            age = layers.Dense(1, name="age", dtype="float32")(seen)
            outputs = {"animal": outputs, "age": age} if self.several == "by name" else [outputs, age]
        return keras.Model(inputs if len(inputs) > 1 else image, outputs)

    def data(self):
        """Inputs and targets."""
        rng = np.random.default_rng(0)
        images = rng.uniform(-1, 1, (EXAMPLES, SIDE, SIDE, 2)).astype("float32")
        x = {
            "image": images,
            "bytes": rng.integers(0, 256, images.shape, "uint8"),
            "image and vector": [images, rng.normal(size=(EXAMPLES, 2)).astype("float32")],
            "image and category": [images, rng.integers(0, 5, (EXAMPLES, 1)).astype("int32")],
            "two images": [images, images[::-1].copy()],
        }[self.inputs]
        y = np.arange(EXAMPLES) % (2 if self.output == "sigmoid" else CLASSES)
        age = np.linspace(0, 1, EXAMPLES)[:, None].astype("float32")
        return x, {"by name": {"animal": y, "age": age}, "by position": [y, age]}.get(self.several, y)

    def losses(self):
        """One loss, or one per output."""
        loss = (
            "binary_crossentropy"
            if self.output == "sigmoid"
            else keras.losses.SparseCategoricalCrossentropy(from_logits=self.output == "logits")
        )
        return {"by name": {"animal": loss, "age": "mse"}, "by position": [loss, "mse"]}.get(
            self.several, loss
        )


_NAMES = st.sampled_from(sorted(LAYERS))
_PARTS = st.recursive(
    _NAMES,
    lambda parts: st.tuples(
        st.sampled_from(sorted(BLOCKS)), st.lists(parts, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=4,
)


def repeats(network):
    """Whether Keras trains it the same every time without looks.

    It keeps an activity regularisation of layers that a model makes in `build` from its own symbolic trace: on PyTorch
    loss and history differ from run to run. On JAX it tells the losses of layers apart by the `id` of tensors, which
    others may have later: sometimes a loss is counted twice.
    """
    return "regularized" not in repr(network.body) or not (network.kind == "late" or BACKEND == "jax")


@st.composite
def networks(draw):
    """Networks of every kind; several inputs and outputs are functional models."""
    kind = draw(st.sampled_from(KINDS))
    functional = kind == "functional"
    return Network(
        body=tuple(draw(st.lists(_PARTS, min_size=1, max_size=4))),
        kind=kind,
        inputs=draw(st.sampled_from(INPUTS if functional else ("image",))),
        stem=draw(st.sampled_from(sorted(STEMS))),
        head=draw(st.sampled_from(sorted(HEADS))),
        output=draw(st.sampled_from(sorted(OUTPUTS))),
        several=draw(st.sampled_from(("", "", "by name", "by position"))) if functional else "",
    )
