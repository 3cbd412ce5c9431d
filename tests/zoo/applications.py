"""One network of every family of `keras.applications`, at 96 pixels and with random weights."""

from functools import partial

import keras

SIDE = 96
CLASSES = 3


def __getattr__(name):
    """Any network there is, by its name."""
    return partial(_build, getattr(keras.applications, name))


def _build(network, activation):
    return network(
        weights=None, classes=CLASSES, input_shape=(SIDE, SIDE, 3), classifier_activation=activation
    )
