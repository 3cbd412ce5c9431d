"""A vision transformer is trained on the digits and looked at; its maps are what they are by hand."""

import keras
import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.datasets import load_digits

import keras_saliency as ks
from keras_saliency.render.resize import bilinear
from tests.engine.reference import assert_close, gradients, scores_of
from tests.methods.transformers import ByHand, transformer

COUNT = 12
METHODS = ["attention_rollout", "legrad"]


@pytest.fixture(scope="module")
def digits():
    images, labels = load_digits(return_X_y=True)
    keep = labels < 3
    return (images[keep].reshape(-1, 8, 8, 1) / 16).astype("float32"), labels[keep]


def trained(digits, callbacks=()):
    keras.utils.set_random_seed(0)
    model = transformer(channels=1)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(*digits, epochs=12, batch_size=32, verbose=0, callbacks=list(callbacks))
    return model, history.history


@pytest.fixture(scope="module")
def looked_at(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    images, labels = digits
    probes = ks.ProbeSet(images[:COUNT], labels[:COUNT])
    saliency = ks.SaliencyCallback(probes, folder, METHODS, every=6, log_keys="all")
    model, history = trained(digits, [saliency])
    return model, history, folder


def test_it_is_trained_as_without_looks(digits, looked_at):
    model, history, _ = looked_at
    alone, expected = trained(digits)
    np.testing.assert_equal(model.get_weights(), alone.get_weights())
    assert history["loss"] == expected["loss"]
    assert history["accuracy"][-1] > 0.6  # a third is chance


def test_its_looks_are_read_back(digits, looked_at):
    model, history, folder = looked_at
    looks = ks.load_looks(folder)
    assert [look.moment for look in looks] == ["before training", "after epoch 6", "after epoch 12"]
    images, labels = digits[0][:COUNT], list(map(int, digits[1][:COUNT]))
    for method in METHODS:
        assert np.isfinite(history[f"saliency_{method}_entropy"]).all()
        maps = ks.explain(model, images, method, labels).maps
        assert_close(looks[-1].heatmaps(method), maps, 1e-2)  # stored as bytes


def test_grad_cam_of_auto_is_that_of_the_tokens_by_hand(digits, looked_at):
    model, images, labels = looked_at[0], digits[0][:COUNT], digits[1][:COUNT]
    by_hand = ByHand(model)
    tokens = by_hand.tokens(images)
    gradient = gradients(
        lambda offset: scores_of(labels)(by_hand.logits_from(images, offset)), np.zeros_like(tokens)
    )
    weights = gradient[:, 1:].mean(1, keepdims=True)
    cam = np.maximum((weights * tokens[:, 1:]).sum(-1), 0).reshape(COUNT, 4, 4)
    explanation = ks.explain(model, images, "grad_cam", list(map(int, labels)))
    assert explanation.diagnostics["grid"] == [4, 4]
    assert_close(explanation.maps, bilinear(cam, 8, 8), 1e-4)
    for found, expected in zip(explanation.maps, bilinear(cam, 8, 8), strict=True):
        if expected.any():
            assert spearmanr(found.ravel(), expected.ravel()).statistic >= 0.99
