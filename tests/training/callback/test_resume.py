"""A training that goes on in another process, after a crash or by `initial_epoch`."""

import keras
import numpy as np
import pytest
from scipy.stats import spearmanr

import keras_saliency as ks


def steps(looks):
    return [look.step for look in looks]


class Crash(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise RuntimeError("crashed")


def crash_and_resume(network, saliency, fit, backup, *, crash_at, epochs, **options):
    """The looks of a training that crashes and is started again, as a new process would."""
    with pytest.raises(RuntimeError, match="crashed"):
        fit(
            network(),
            keras.callbacks.BackupAndRestore(backup),
            saliency(**options),
            Crash(crash_at),
            epochs=epochs,
        )
    resumed = saliency(**options)
    fit(network(), keras.callbacks.BackupAndRestore(backup), resumed, epochs=epochs)
    return ks.load_looks(resumed.summary.folder)


@pytest.mark.parametrize("every", [1, 3])
def test_nothing_is_doubled_and_drift_goes_on(network, saliency, fit, tmp_path, every):
    options = {"every": every, "methods": ["gradient", "smoothgrad"]}
    whole = saliency(log_dir=tmp_path / "whole", **options)
    fit(network(), whole, epochs=7)
    looks = crash_and_resume(network, saliency, fit, tmp_path / "backup", crash_at=4, epochs=7, **options)
    resumed_at = {1: [], 3: [3]}[every]
    assert steps(looks) == sorted({*steps(whole.looks), *resumed_at})
    found, expected = ({look.step: look.numbers for look in found} for found in (looks, whole.looks))
    for step in sorted(expected.keys() - {5 if every == 3 else None}):
        for number in ("gradient/drift_from_start", "smoothgrad/drift"):
            # The log holds maps in 255 steps.
            assert found[step].get(number) == pytest.approx(expected[step].get(number), abs=0.05), (
                step,
                number,
            )


def test_a_resumed_look_is_compared_with_the_last_one_before_the_crash(network, saliency, fit, tmp_path):
    looks = crash_and_resume(network, saliency, fit, tmp_path / "backup", crash_at=5, epochs=6, every=4)
    assert steps(looks) == [-1, 3, 4, 5]
    before, after = (look.heatmaps("gradient", "signed").reshape(5, -1) for look in looks[1:3])
    pairs = [pair for pair in zip(before, after, strict=True) if all(map(np.ptp, pair))]
    drift = np.mean([1 - spearmanr(one, two).statistic for one, two in pairs])
    assert looks[2].numbers["gradient/drift"] == pytest.approx(drift, abs=0.05)


def test_a_new_training_in_an_old_folder_is_compared_with_nothing(network, saliency, fit):
    fit(network(), saliency(), epochs=2)
    again = saliency()
    fit(network(), again, epochs=2)
    assert steps(again.looks) == [-1, 0, 1]
    first, second = (ks.load_looks(again.summary.folder.parent, run) for run in ("saliency", "saliency_2"))
    # Both trainings are the same: so is how far they moved.
    assert [look.numbers for look in first] == [look.numbers for look in second]


def test_other_probes_are_not_compared_with(network, saliency, fit, x, y):
    fit(network(), saliency(), epochs=2)
    other = saliency(probes=ks.ProbeSet(x[5:8], y[5:8]))
    with pytest.warns(ks.SaliencyWarning, match="None of the runs saliency is known to end with the network"):
        fit(network(), other, epochs=4, initial_epoch=3)
    looks = ks.load_looks(other.summary.folder)
    assert (steps(looks), looks[0].run) == ([2, 3], "saliency_2")
    assert "gradient/drift" not in looks[0].numbers


def test_maps_that_the_log_holds_smaller(saliency, fit, compiled, tmp_path):
    def large():
        return keras.Sequential(
            [
                keras.Input((140, 150, 1)),
                keras.layers.AveragePooling2D(10),
                keras.layers.Flatten(),
                keras.layers.Dense(3, activation="softmax"),
            ]
        )

    images = np.random.default_rng(0).normal(size=(4, 140, 150, 1)).astype("float32")
    labels = np.array([0, 1, 2, 0])

    def train(callback, model, **options):
        model.fit(images, labels, verbose=0, callbacks=[callback], **options)

    def callback(folder):
        return saliency(probes=ks.ProbeSet(images, labels), log_dir=tmp_path / folder, every=2)

    whole, model = callback("whole"), compiled(large)
    train(whole, model, epochs=4)
    model = compiled(large)
    train(callback("parts"), model, epochs=2)
    train(parts := callback("parts"), model, epochs=4, initial_epoch=2)
    expected, found = (ks.load_looks(made.summary.folder)[-1].numbers for made in (whole, parts))
    assert steps(ks.load_looks(parts.summary.folder)) == [-1, 1, 3]
    assert found["gradient/drift_from_start"] == pytest.approx(
        expected["gradient/drift_from_start"], abs=0.05
    )
