"""Looks inside an epoch."""

import keras
import numpy as np
import pytest

import keras_saliency as ks


def steps(looks):
    return [look.step for look in looks]


def test_looks_come_at_the_first_end_of_a_batch_that_is_late_enough(network, saliency, fit):
    callback = saliency(every=ks.Batches(3))
    history = fit(network(), callback, epochs=4, batch_size=8)  # two batches an epoch
    assert steps(callback.looks) == [0, 3, 6, 8]
    assert {look.epoch for look in callback.looks} == {None}
    assert np.isinf(history["saliency_gradient_drift"][0])
    assert np.isfinite(history["saliency_gradient_drift"][1:]).all()


def test_every_look_shows_the_network_at_its_batch(network, saliency, fit, probes):
    class Explain(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            explained.append((ks.explain(self.model, probes).maps, callback.last_look))

    explained = []
    callback = saliency(every=ks.Batches(1))
    fit(network(run_eagerly=False), callback, Explain(), epochs=2)
    assert steps([look for _, look in explained]) == [1, 2, 3, 4]
    for maps, look in explained:
        np.testing.assert_array_equal(look.methods["gradient"].explanation.maps, maps)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras takes one batch at a time on PyTorch")
def test_batches_that_go_by_at_once_are_counted(network, saliency, fit):
    callback = saliency(every=ks.Batches(3))
    fit(network(run_eagerly=False, steps_per_execution=2), callback, epochs=3, batch_size=2)  # eight an epoch
    assert steps(callback.looks) == [0, 4, 8, 12, 16, 20, 24]


def test_a_second_fit_counts_on(network, saliency, fit):
    callback, model = saliency(every=ks.Batches(2)), network()
    fit(model, callback, epochs=2)
    fit(model, callback, epochs=1)
    assert steps(callback.looks) == [0, 2, 4, 6]


def test_other_callbacks_have_no_hook_after_batches(saliency):
    default = keras.callbacks.Callback.on_train_batch_end
    assert type(saliency()).on_train_batch_end is default
    assert saliency().on_train_batch_end.__func__ is default
    assert saliency(every=ks.Batches(1)).on_train_batch_end.__func__ is not default


def test_the_settings_say_that_batches_are_counted(network, saliency, fit):
    callback = saliency(every=ks.Batches(3), writers=["tensorboard", "folder", "archive"], images=True)
    fit(network(), callback, epochs=2)
    folder = callback.summary.folder
    assert [path.name for path in sorted((folder / "sheets" / "gradient").iterdir())] == [
        "step_000000.png",
        "step_000003.png",
        "step_000004.png",
    ]
    assert "0,,gradient,gini," in (folder / "numbers.csv").read_text()
    with np.load(folder / "archive" / "step_000003.npz") as archive:
        assert "epoch" not in archive
    assert b"3 batches" in next(folder.glob("events*")).read_bytes()


@pytest.mark.parametrize("count", [0, -1, 2.5, True, "100"])
def test_no_number_of_batches(count):
    with pytest.raises(ValueError, match="Expected count to be a whole number of at least 1"):
        ks.Batches(count)
