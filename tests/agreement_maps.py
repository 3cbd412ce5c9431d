"""A script: writes the maps of some fixed networks, on the backend of `KERAS_BACKEND`, to an `.npz` file."""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

import keras_saliency as ks
from keras_saliency.engine import ScoredModel
from keras_saliency.methods import METHODS
from keras_saliency.probes.targets import as_target, bind

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import answers
from tests.methods.matrix import CHEAP, OF_ATTENTION
from tests.methods.transformers import transformer


def with_fixed_weights(model):
    """The same weights on every backend; variances stay positive."""
    rng = np.random.default_rng(0)
    model.set_weights(
        [np.abs(rng.normal(0.3, 0.2, w.shape)) * rng.choice([-1, 1], w.shape) for w in model.get_weights()]
    )
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([np.abs(w) + 0.5 for w in layer.get_weights()])
    return model


def convolutions():
    image = keras.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same")(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D()(x)
    x = layers.SeparableConv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(5, activation="softmax")(x))


def smooth():
    image = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 5, strides=2, activation="tanh")(image)
    x = layers.AveragePooling2D(2)(x)
    return keras.Model(image, layers.Dense(1, activation="sigmoid")(layers.Flatten()(x)))


def nested():
    body = keras.Sequential(
        [keras.Input((12, 12, 3)), layers.Conv2D(6, 3, activation="gelu"), layers.LayerNormalization()]
    )
    image = keras.Input((12, 12, 3))
    return keras.Model(image, layers.Dense(4)(layers.Flatten()(body(image))))


def segmentation():
    image = keras.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, padding="same", activation="relu")(image)
    return keras.Model(image, layers.Conv2D(4, 1, activation="softmax")(x))


def behind_integers():
    image = keras.Input((12, 12, 3), dtype="uint8")
    x = layers.Conv2D(6, 3, activation="relu")(layers.Rescaling(1 / 255)(image))
    return keras.Model(image, layers.Dense(4, activation="softmax")(layers.Flatten()(x)))


TARGET = [0, 1, 1, 0, 1]
NETWORKS = (convolutions, smooth, nested, segmentation, behind_integers)


def main(path):
    rng = np.random.default_rng(1)
    images = rng.random((5, 12, 12, 3), "float32")
    found = {}
    for build in NETWORKS:
        model = with_fixed_weights(build())
        shown = (images * 255).astype("uint8") if build is behind_integers else images
        explanation = ks.explain(model, shown, target=TARGET)
        found[build.__name__], found[f"{build.__name__}_scores"] = explanation.maps, explanation.scores
    of_convolutions, of_attention = map(
        ScoredModel, (with_fixed_weights(convolutions()), with_fixed_weights(transformer(12, 3, patch=4)))
    )
    target = bind(as_target(TARGET), len(images), None)
    for name, method in METHODS.built_in().items():
        rng = np.random.default_rng(0)
        scored = of_attention if method in OF_ATTENTION else of_convolutions
        found[name] = answers.explained(CHEAP.get(method) or method(), scored, images, target, rng).maps
    np.savez(path, **found)


if __name__ == "__main__":
    main(sys.argv[1])
