"""The proof of the seams notices when Keras changes. What is replaced here is Keras."""

from types import SimpleNamespace

import keras
import pytest
from keras.src import backend as keras_backend
from keras.src.ops import nn as keras_ops

from keras_saliency.engine import ScoredModel
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.errors import SeamError


@pytest.fixture(autouse=True)
def first_use():
    prove_seams.cache_clear()
    yield
    prove_seams.cache_clear()


def test_every_seam_holds():
    prove_seams()


def with_backend(monkeypatch, **functions):
    """`keras.ops` looks these functions up elsewhere."""
    elsewhere = SimpleNamespace(**vars(keras_backend))
    elsewhere.nn = SimpleNamespace(**{**vars(keras_backend.nn), **functions})
    monkeypatch.setattr(keras_ops, "backend", elsewhere)


def own_functions(monkeypatch):
    with_backend(monkeypatch)


def copies(monkeypatch):
    """The activation returns a copy: identities no longer meet."""
    with_backend(monkeypatch, softmax=lambda x, axis=-1: keras_backend.nn.softmax(x, axis=axis) * 1.0)


def no_such_function(monkeypatch):
    monkeypatch.delattr(keras_backend.nn, "log_softmax")


def own_call(monkeypatch):
    """A layer is called without `Layer.__call__`."""
    monkeypatch.setattr(keras.layers.Activation, "__call__", keras.layers.Layer.__call__)


def own_calls(monkeypatch):
    for layer in (keras.layers.Rescaling, keras.layers.Flatten):
        monkeypatch.setattr(layer, "__call__", keras.layers.Layer.__call__)


def lost_masks(monkeypatch):
    monkeypatch.setattr(keras_backend, "set_keras_mask", lambda x, mask: None)


def renamed_masks(monkeypatch):
    monkeypatch.delattr(keras_backend, "set_keras_mask")


@pytest.mark.parametrize(
    ("change", "seam"),
    [
        (own_functions, "recording softmax"),
        (copies, "recording softmax"),
        (no_such_function, "recording softmax"),  # the first one that is tried
        (own_call, "recording softmax"),
        (own_calls, "tapping a layer"),
        (lost_masks, "keeping a mask"),
        (renamed_masks, "(tapping a layer|keeping a mask)"),
    ],
)
def test_a_seam_that_no_longer_holds_is_an_error_that_names_it(change, seam, monkeypatch):
    change(monkeypatch)
    version, backend = keras.__version__, keras.backend.backend()
    with pytest.raises(SeamError, match=f"changed: {seam} does not work with Keras {version} on {backend}"):
        ScoredModel(keras.Sequential())


def test_after_an_error_the_proof_is_tried_again(monkeypatch):
    with monkeypatch.context() as patch:
        own_functions(patch)
        with pytest.raises(SeamError):
            prove_seams()
    prove_seams()
