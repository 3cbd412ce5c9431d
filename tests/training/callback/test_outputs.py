"""Whose score is watched: logits of a loss, the pixels of a class, scores made with data of each image."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks

IMAGES = np.random.default_rng(0).normal(size=(9, 6, 6, 1)).astype("float32")
LABELS = np.arange(9) % 2
MASKS = np.random.default_rng(1).integers(0, 2, (9, 6, 6))
FACTORS = np.arange(1.0, 10.0)


def one_unit():
    return keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(1)])


def watched(tmp_path, model, loss, y, **options):
    """The callback after one epoch."""
    model.compile("sgd", loss)
    callback = ks.SaliencyCallback(log_dir=tmp_path, on_error="raise", **options)
    model.fit(IMAGES, y, verbose=0, callbacks=[callback])
    return callback


@pytest.mark.parametrize(
    ("loss", "options"),
    [(keras.losses.BinaryCrossentropy(from_logits=True), {}), ("mse", {"logits": "binary"})],
    ids=["found", "told"],
)
def test_a_binary_logit_has_labels_classes_and_probabilities(tmp_path, loss, options):
    probes = ks.ProbeSet(IMAGES, LABELS)
    model = one_unit()
    callback = watched(tmp_path, model, loss, LABELS, probes=probes, **options)
    logits = ops.convert_to_numpy(model(IMAGES))[:, 0]
    for look in (callback.last_look, callback.looks[-1]):
        seen = look.methods["gradient"]
        np.testing.assert_allclose(seen.scores, np.where(LABELS, logits, -logits), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(seen.probabilities, 1 / (1 + np.exp(-np.abs(logits))), rtol=1e-4)
        assert look.probe_accuracy == pytest.approx(np.mean((logits > 0) == LABELS), rel=1e-6)


def test_labels_of_a_regression_are_refused_before_the_first_update(tmp_path):
    model = one_unit()
    before = model.get_weights()
    with pytest.raises(ValueError, match="regression, give no labels, or target=.predicted.* logits=.binary"):
        watched(tmp_path, model, "mse", LABELS, probes=(IMAGES, LABELS))
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("target", [ks.PixelsOf(1, MASKS), "per image"], ids=["pixels", "per image"])
def test_averages_over_the_pixels_of_a_class_and_over_scores_of_each_image(tmp_path, target):
    """Both are linear in the image, so that all looks at noisy copies are the kernel itself."""
    expected = MASKS
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 1)])
    if target == "per image":
        target = ks.PerImage(lambda outputs, factors: factors * ops.sum(outputs[..., 1], (1, 2)), FACTORS)
        expected = np.broadcast_to(FACTORS[:, None, None], MASKS.shape)
    methods = ["gradient", ks.SmoothGrad(samples=4)]
    callback = watched(
        tmp_path,
        model,
        "mse",
        np.zeros((9, 6, 6, 2)),
        probes=ks.ProbeSet(IMAGES),
        methods=methods,
        target=target,
    )
    kernel = ops.convert_to_numpy(model.layers[0].kernel)[0, 0, 0, 1]
    for seen in callback.last_look.methods.values():
        np.testing.assert_allclose(seen.heatmaps["signed"], kernel * expected, rtol=1e-4, atol=1e-6)
