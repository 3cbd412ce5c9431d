"""A log of an older version, which kept all trainings in a folder as one run: three fits, the last one goes on."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.looks.page.export import ThinnedStore
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.looks.reading import outer_looks
from keras_saliency.records import maps_tag
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.store import NotStoredError
from keras_saliency.tensorboard_plugin.trainings import Trainings

LOG = Path(__file__).with_name("spliced_log")
IMAGES = np.random.default_rng(0).normal(size=(16, 6, 6, 1)).astype("float32")[:2]
PROBES = ks.ProbeSet(IMAGES, [0, 1])
EPOCHS = [-1, 0, 1, 2, 0, 1, 2, 3]


def test_its_looks_tell_the_trainings_apart():
    looks = ks.load_looks(LOG)
    assert [look.step for look in looks] == list(range(-1, 7))
    assert [look.epoch for look in looks] == EPOCHS
    assert [look.run for look in looks] == ["saliency"] * 4 + ["saliency#2"] * 4
    assert [look.phase for look in looks] == [1] * 6 + [2] * 2
    assert looks[3].numbers["gradient/magnitude"] == pytest.approx(0.1795308)


def test_what_goes_on_is_compared_with_the_last_training_alone():
    first, last = outer_looks(LOG / "saliency", PROBES.fingerprint)
    assert (first.step, last.step) == (3, 6)
    assert outer_looks(LOG / "saliency", "unknown") is None


@pytest.mark.parametrize("every", [1, 2])
def test_the_page_shows_each_training_as_a_run(every):
    recent = Recent(10**6)
    trainings = Trainings(LogStore(LOG), recent)
    asked_first = trainings.points("saliency#2", maps_tag("gradient"))  # before the runs were listed
    assert [point.step for point in asked_first] == [3, 4, 5, 6]
    answers = Answers(ThinnedStore(trainings, every), recent)
    first, second = answers.runs()["runs"]
    assert (first["run"], second["run"]) == ("saliency", "saliency#2")
    assert (first["phases"], second["phases"]) == ([], [5])
    assert first["count"] == second["count"] == 2
    steps = {"saliency": [-1, 0, 1, 2], "saliency#2": [3, 4, 5, 6]}
    for run, all_steps in steps.items():
        looks = answers.looks(run, "gradient")
        assert looks["steps"] == (all_steps if every == 1 else [*all_steps[::2], all_steps[-1]])
        assert looks["epochs"] == [EPOCHS[step + 1] for step in looks["steps"]]
        assert looks["logs"] == {}  # older versions did not keep what the training says of itself
        assert answers.maps(run, "gradient", all_steps[0])
    for unknown in ("saliency#3", "saliency#0", "saliency#", "other#2"):
        with pytest.raises(NotStoredError):
            answers.looks(unknown, "gradient")


def test_new_looks_do_not_go_on_in_it(tmp_path):
    """A new training gets a run of its own; one that goes on finds the last training in it."""
    shutil.copytree(LOG, tmp_path / "logs")
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", "mse", run_eagerly=True)
    for epoch in (0, 5):
        saliency = ks.SaliencyCallback(PROBES, tmp_path / "logs", target=0, images=False, every=3)
        model.fit(
            IMAGES, np.zeros((2, 3)), initial_epoch=epoch, epochs=epoch + 1, verbose=0, callbacks=[saliency]
        )
        if epoch == 0:
            assert saliency.summary.folder.name == "saliency_2"
            shutil.rmtree(saliency.summary.folder)
    assert [look.step for look in saliency.looks] == [7]  # the opening look has the last step
    assert "gradient/drift" in saliency.looks[0].numbers
    looks = ks.load_looks(tmp_path / "logs")
    assert [(look.run, look.phase) for look in looks[-2:]] == [("saliency#2", 2), ("saliency#2", 3)]
