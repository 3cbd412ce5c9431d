"""A disk budget among random settings: the folder never takes more, or the budget is refused at once."""

import re
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keras_saliency as ks
from tests.training.callback.test_max_disk import size


class Heavy:
    """A writer of somebody else, which cannot weigh what it will write, and fails now and then."""

    def open(self, run):
        self.path = run.folder / "heavy"

    def write(self, look, previous):
        with self.path.open("ab") as file:
            file.write(bytes(3000))
        if look.step % 3 == 0:
            raise OSError("half of it")
        return 3000

    def close(self):
        pass


MODEL = keras.Sequential(
    [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
)
IMAGES = np.random.default_rng(0).normal(size=(40, 6, 6, 1)).astype("float32")


class Drift(keras.callbacks.Callback):
    """Changes the model a little at each epoch, so that looks differ in size; measures the folder after each."""

    def __init__(self, saliency):
        super().__init__()
        self.saliency, self.largest = saliency, 0

    def on_epoch_end(self, epoch, logs=None):
        self.largest = max(self.largest, size(self.saliency.summary.folder))


@settings(max_examples=settings.default.max_examples // 2)
@given(
    most=st.integers(1, 400_000),
    probes=st.integers(1, 40),
    fits=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    writers=st.lists(st.sampled_from(["tensorboard", "folder"]), unique=True),
    images=st.booleans(),
    archive=st.booleans(),
    methods=st.sampled_from(["gradient", ["gradient", "input_x_gradient"]]),
)
def test_the_folder_never_takes_more(tmp_path_factory, most, probes, fits, writers, images, archive, methods):
    folder = tmp_path_factory.mktemp("logs")
    MODEL.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    options = {"writers": writers, "images": images, "archive": archive, "methods": methods}
    for epochs in fits:
        callback = ks.SaliencyCallback(ks.ProbeSet(IMAGES[:probes]), folder, max_disk=most, **options)
        watch = Drift(callback)
        try:
            with warnings.catch_warnings(record=True):
                warnings.simplefilter("always")
                MODEL.fit(IMAGES, np.arange(40) % 3, epochs=epochs, verbose=0, callbacks=[callback, watch])
        except ValueError as error:
            needed = float(re.search(r"take ([0-9.]+) kB. Received: max_disk=", str(error))[1])
            assert needed * 1000 + 50 >= most
            assert not list(callback.summary.folder.rglob("events*"))
            return
        assert size(callback.summary.folder) <= most
        assert watch.largest <= most
        assert callback.summary.lost == {}


@pytest.mark.parametrize(
    ("most", "sentence"),
    [
        (
            "1 kB",
            r"hold the probes and one look. The probes alone take \d+\.\d kB. Received: max_disk='1 kB'",
        ),
        (20_000, r"hold the probes and one look. Here they take \d+\.\d kB. Received: max_disk=20000"),
    ],
)
def test_a_budget_that_cannot_hold_one_look_is_refused_before_the_first_update(
    network, saliency, fit, weights, tmp_path, most, sentence
):
    model = network()
    untrained = weights(model)
    with pytest.raises(ValueError, match=sentence):
        fit(model, saliency(max_disk=most, images=True))
    np.testing.assert_equal(weights(model), untrained)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] in ([], [".lock"])


def test_what_the_sentence_says_is_enough_for_one_look(network, saliency, fit):
    with pytest.raises(ValueError, match="Here they take") as refused:
        fit(network(), saliency(max_disk=20_000, images=True))
    needed = float(re.search(r"take ([0-9.]+) kB", str(refused.value))[1])
    callback = saliency(max_disk=int(needed * 1000) + 100, images=True)
    with pytest.warns(ks.SaliencyWarning, match="max_disk is used up"):
        fit(network(), callback)
    assert [look.step for look in callback.looks] == [-1]


def test_a_writer_that_cannot_weigh_and_leaves_something_counts_as_what_is_there(network, saliency, fit):
    callback = saliency(writers=["tensorboard", Heavy()], max_disk=60_000)
    with pytest.warns(ks.SaliencyWarning):
        fit(network(), callback, epochs=40)
    assert 30_000 < size(callback.summary.folder) <= 60_000
