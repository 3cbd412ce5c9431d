import keras
import numpy as np
import pytest
from keras import layers


@pytest.fixture(scope="module")
def model():
    """A small classifier of images of 8×8 pixels and 2 channels, smooth and with a normalization."""
    keras.utils.set_random_seed(0)
    mostly_positive = keras.initializers.RandomUniform(
        -0.1, 0.3
    )  # else class activation maps may be all zero
    return keras.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="softplus", name="first"),
            layers.BatchNormalization(moving_mean_initializer="random_normal"),
            layers.Conv2D(6, 3, activation="relu", bias_initializer="ones", name="last"),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_initializer=mostly_positive),
        ]
    )


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).uniform(0, 1, (5, 8, 8, 2)).astype("float32")
