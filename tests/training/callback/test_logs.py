"""What Keras' own callbacks find in `logs`, and which callbacks work with it."""

import csv
import warnings

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.looks.event_file import event_files, read_events
from keras_saliency.records import PROBE_ACCURACY_TAG, number_tag

DRIFT = "saliency_gradient_drift"
DEFAULT = {DRIFT, "saliency_gradient_corner_enrichment", "saliency_probe_accuracy"}


def saliency_keys(history):
    return {key for key in history if key.startswith("saliency_")}


def logged_scalars(folder):
    """Every scalar in the event files, by tag and step."""
    return {
        (value.tag, event.step): value.tensor.float_val[0]
        for path in event_files(folder)
        for event in read_events(path)
        for value in event.summary.value
        if value.metadata.plugin_data.plugin_name == "scalars"
    }


@pytest.mark.parametrize("every", [1, 5])
def test_the_keys_are_there_in_every_epoch(network, saliency, fit, tmp_path, every):
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = fit(network(), saliency(every=every), log, epochs=6)
    assert saliency_keys(history) == DEFAULT
    assert {len(values) for values in history.values()} == {6}
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row[DRIFT]) for row in rows] == history[DRIFT]


def test_between_two_looks_the_last_values_are_repeated(network, saliency, fit, probes):
    untrained = ks.explain(network(), probes).predicted_classes
    history = fit(network(), saliency(every=2), epochs=5)
    drift, accuracy = history[DRIFT], history["saliency_probe_accuracy"]
    assert drift[0] == np.inf
    assert drift[1] == drift[2] < 2
    assert drift[3] != drift[1]
    assert drift[4] != drift[3]  # the last epoch is always looked at
    assert accuracy[0] == pytest.approx((untrained == probes.labels).mean())


def test_logs_equal_the_event_file(network, saliency, fit, tmp_path):
    callback = saliency(log_keys="all", every=2)
    history = fit(network(), callback, epochs=5)
    scalars = logged_scalars(tmp_path / "logs" / "saliency")
    numbers = list(callback.last_look.methods["gradient"].numbers)
    assert len(numbers) == 9
    for epoch in 1, 3, 4:
        for number in numbers:
            logged = scalars[number_tag("gradient", number), epoch]
            assert history[f"saliency_gradient_{number}"][epoch] == pytest.approx(logged, rel=1e-6)
        accuracy = scalars[PROBE_ACCURACY_TAG, epoch]
        assert history["saliency_probe_accuracy"][epoch] == pytest.approx(accuracy)
    assert saliency_keys(history) == {f"saliency_gradient_{number}" for number in numbers} | DEFAULT


@pytest.mark.parametrize(
    ("log_keys", "expected"),
    [("none", set()), ([DRIFT], {DRIFT}), ("saliency_gradient_gini", {"saliency_gradient_gini"})],
)
def test_log_keys_choose(network, saliency, fit, log_keys, expected):
    history = fit(network(), saliency(log_keys=log_keys), epochs=2)
    assert saliency_keys(history) == expected


def test_early_stopping_watches_the_drift(network, saliency, fit):
    stopping = keras.callbacks.EarlyStopping(DRIFT, mode="min", patience=2, min_delta=10)
    history = fit(network(), saliency(), stopping, epochs=10)
    assert len(history["loss"]) == 3


def test_an_infinite_drift_neither_stops_a_training_nor_counts_as_its_best(network, saliency, fit):
    stopping = keras.callbacks.EarlyStopping(DRIFT, mode="min", patience=5)
    history = fit(network(), saliency(every=5), stopping, epochs=10)
    assert history[DRIFT][:4] == [np.inf] * 4
    assert len(history["loss"]) == 10
    assert stopping.best == min(history[DRIFT]) < 2


def test_the_best_checkpoint_by_drift_is_kept(network, saliency, fit, tmp_path):
    path = tmp_path / "{epoch}.weights.h5"
    checkpoint = keras.callbacks.ModelCheckpoint(
        path, monitor=DRIFT, mode="min", save_best_only=True, save_weights_only=True
    )
    history = fit(network(), saliency(every=2), checkpoint, epochs=4)
    finite = [epoch for epoch, drift in enumerate(history[DRIFT]) if np.isfinite(drift)]
    saved = {int(found.name.split(".")[0]) - 1 for found in tmp_path.glob("*.weights.h5")}
    assert min(finite, key=history[DRIFT].__getitem__) in saved
    assert checkpoint.best == min(history[DRIFT])


def test_the_learning_rate_follows_the_drift(network, saliency, fit):
    plateau = keras.callbacks.ReduceLROnPlateau(DRIFT, mode="min", factor=0.5, patience=1, min_delta=10)
    history = fit(network(), saliency(), plateau, epochs=4)
    assert history["learning_rate"][-1] < history["learning_rate"][0]


def lose_weights(callback):
    callback.model.set_weights([np.full_like(weight, np.nan) for weight in callback.model.get_weights()])


def test_a_look_that_is_lost_never_repeats_the_numbers_of_an_older_one(network, saliency, fit, after_epoch):
    with pytest.warns(ks.SaliencyWarning):
        history = fit(network(), after_epoch(1, lose_weights), saliency(log_keys="all"), epochs=5)
    for key in saliency_keys(history) - {"saliency_probe_accuracy"}:
        assert history[key][1:] == [np.inf] * 4
    assert np.isfinite(history[DRIFT][0])
    assert len(history["saliency_probe_accuracy"]) == 1


def test_absent_numbers_have_no_key_in_that_epoch(network, saliency, fit, after_epoch, tmp_path):
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    callback = saliency(missing="absent", log_keys="all")
    with pytest.warns(ks.SaliencyWarning):
        history = fit(network(), after_epoch(1, lose_weights), callback, log, epochs=5)
    assert {len(history[key]) for key in saliency_keys(history)} == {1}
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert np.isfinite(float(rows[0][DRIFT]))
    assert [row[DRIFT] for row in rows[1:]] == ["NA"] * 4


def test_an_absent_drift_uses_up_no_patience(network, saliency, fit):
    lasted = {}
    for missing in "inf", "absent":
        stopping = keras.callbacks.EarlyStopping(DRIFT, mode="min", patience=1)
        options = {"missing": missing, "every": 3, "log_dir": f"{saliency()._settings.log_dir}-{missing}"}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Early stopping conditioned on metric")
            lasted[missing] = len(fit(network(), saliency(**options), stopping, epochs=5)["loss"])
    assert lasted["inf"] == 2
    assert lasted["absent"] > 3


def test_between_looks_the_last_values_are_repeated_where_missing_ones_are_absent(network, saliency, fit):
    history = fit(network(), saliency(missing="absent", every=2), epochs=5)
    assert len(history[DRIFT]) == 4
    assert history[DRIFT][0] == history[DRIFT][1]


@pytest.mark.parametrize("missing", ["nan", None, 0, ""])
def test_nothing_else_stands_for_a_missing_number(saliency, missing):
    with pytest.raises(
        ValueError, match=f'Expected missing to be "inf" or "absent". Received: missing={missing!r}'
    ):
        saliency(missing=missing)


@pytest.mark.backend
@pytest.mark.parametrize("every", [1, 2])
def test_looks_keep_what_the_training_says_of_itself(network, saliency, fit, x, y, every):
    callback = saliency(every=every)
    history = fit(network(), callback, epochs=3, validation_data=(x, y), validation_freq=2)
    opening, *looks = callback.looks
    assert opening.logs == {}
    for look in looks:
        assert look.logs.keys() == {"loss", "accuracy"} | (
            {"val_loss", "val_accuracy"} if look.epoch == 1 else set()
        )
        for name, value in look.logs.items():
            said = history[name][0 if name.startswith("val_") else look.epoch]
            assert value == pytest.approx(said, rel=1e-6)


def test_a_look_inside_an_epoch_keeps_the_mean_so_far(network, saliency, fit, x, y):
    class Batch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            means.append(logs["loss"])

    means = []
    callback = saliency(every=ks.Batches(3))
    history = fit(network(), callback, Batch(), epochs=4, validation_data=(x, y))  # two batches an epoch
    assert [look.step for look in callback.looks] == [0, 3, 6, 8]
    opening, *logs = (look.logs for look in callback.looks)
    assert opening == {}
    assert [said["loss"] for said in logs] == pytest.approx([means[2], means[5], means[7]], rel=1e-6)
    validated = [
        history["val_loss"][epoch] for epoch in (0, 1, 3)
    ]  # a look at step 6 is before the end of the third
    assert [said["val_loss"] for said in logs] == pytest.approx(validated, rel=1e-6)
