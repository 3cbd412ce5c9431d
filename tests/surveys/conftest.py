"""A small network of three classes, and images that a survey looks at."""

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.surveys.measuring import Measurer

COUNT, SIDE = 40, 12


@pytest.fixture(scope="session")
def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.fixture(scope="session")
def images():
    """Whole numbers, so that files of pictures hold the same."""
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3))
    return pixels.astype("float32")


@pytest.fixture(scope="session")
def labels():
    return np.arange(COUNT) % 3


@pytest.fixture
def survey(network, tmp_path, monkeypatch):
    """A function: a data set → its survey, in a new folder unless one is named; `chunk` examples in a part."""

    def make(dataset, out="survey", model=network, chunk=16, **settings):
        monkeypatch.setattr(Measurer, "chunk_size", lambda *given: chunk)
        return ks.survey(model, dataset, tmp_path / out, progress=False, **settings)

    return make


def by_key(table):
    """The rows in the order of their keys, without what depends on where they come from."""
    order = np.argsort(table["key"])
    return {name: values[order] for name, values in table.items() if name != "id"}


def assert_same(one, other, tolerance=1e-6):
    """Two tables have the same rows."""
    assert one.keys() == other.keys()
    for name, values in one.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(values, other[name], rtol=tolerance, atol=tolerance, err_msg=name)
        else:
            np.testing.assert_array_equal(values, other[name], err_msg=name)
