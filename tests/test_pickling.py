"""Values go through pickle and copy, so that other processes and trials can have them."""

import copy
import pickle

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.methods import METHODS, make_method

COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda original: pickle.loads(pickle.dumps(original))}
PROBES = ks.ProbeSet(
    np.random.default_rng(0).normal(size=(3, 6, 6, 1)).astype("float32"),
    [0, 1, 0],
    regions={"corner": np.eye(6, dtype=bool)},
)


@pytest.fixture
def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    )


@pytest.mark.parametrize("how", COPIES)
def test_probes(how):
    copied = COPIES[how](PROBES)
    assert copied.fingerprint == PROBES.fingerprint
    np.testing.assert_equal(copied.images, PROBES.images)
    np.testing.assert_equal(copied.regions["corner"], PROBES.regions["corner"])
    assert not copied.images.flags.writeable


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", METHODS.names())
def test_methods(how, name):
    method = make_method(name)
    assert COPIES[how](method) == method


@pytest.mark.parametrize("how", COPIES)
def test_explanations(how, network):
    explanation = ks.explain(network, PROBES)
    copied = COPIES[how](explanation)
    np.testing.assert_array_equal(copied.heatmaps("signed"), explanation.heatmaps("signed"))
    assert copied.probes.fingerprint == PROBES.fingerprint
    assert copied.diagnostics == explanation.diagnostics


@pytest.mark.parametrize("how", COPIES)
def test_looks(how, network, tmp_path):
    network.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    saliency = ks.SaliencyCallback(PROBES, tmp_path)
    network.fit(PROBES.images, PROBES.labels, verbose=0, callbacks=[saliency])
    for look in saliency.last_look, *saliency.looks:
        copied = COPIES[how](look)
        assert (copied.step, copied.numbers) == (look.step, look.numbers)
        np.testing.assert_array_equal(copied.heatmaps("gradient"), look.heatmaps("gradient"))
