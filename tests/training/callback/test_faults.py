"""Faults of the world around a fit, one by one: the training ends as if nothing had been, and says what was lost."""

import csv
import resource
import shutil
import subprocess
import time
import warnings
from contextlib import suppress

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.looks.observer import Observer
from keras_saliency.training import watch
from keras_saliency.training.log_keys import LogKeys
from keras_saliency.training.logbook import Logbook

EPOCHS = 4


@pytest.fixture
def undisturbed(network, fit, weights):
    """The weights after a training without the callback."""
    model = network()
    fit(model, epochs=EPOCHS)
    return weights(model)


class LimitedDisk:
    """Files in `folder` can be kept from growing."""

    def __init__(self, folder):
        self.folder, (self.soft, self.hard) = folder, resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self):
        growing = [path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".npz"]
        largest = max(path.stat().st_size for path in growing)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 10, self.hard))

    def free(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.soft, self.hard))

    close = free


class SmallDisk:
    """A file system of its own, mounted at `folder`, that can be filled up."""

    def __init__(self, folder):
        self.folder, self.ballast = folder, folder / "ballast"
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
        if (
            shutil.which("mount") is None
            or subprocess.run(mount, check=False, capture_output=True).returncode
        ):
            pytest.skip("no file system can be mounted here")

    def fill(self):
        with suppress(OSError), self.ballast.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def free(self):
        self.ballast.unlink()

    def close(self):
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def disk(request, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = request.param(folder)
    yield disk
    disk.close()


@pytest.mark.parametrize(
    ("disk", "writer"),
    [
        (LimitedDisk, "tensorboard"),
        (LimitedDisk, "folder"),
        (LimitedDisk, "archive"),
        (SmallDisk, "tensorboard"),
        (SmallDisk, "archive"),
    ],
    indirect=["disk"],
)
def test_a_disk_that_is_full_for_a_while(
    network, saliency, fit, weights, undisturbed, after_epoch, disk, writer
):
    # On the small disk a contact sheet makes each look larger than what is left of the last page of a file.
    callback, model = (
        saliency(writers=writer, log_dir=disk.folder, images=isinstance(disk, SmallDisk)),
        network(),
    )
    full = [after_epoch(0, lambda _: disk.fill()), after_epoch(2, lambda _: disk.free())]
    with pytest.warns(ks.SaliencyWarning) as caught:
        fit(model, callback, *full, epochs=EPOCHS)
    np.testing.assert_equal(weights(model), undisturbed)
    [message] = ours(caught)
    assert f"{writer} failed after epoch 2 (step 1): OSError: [Errno" in message
    assert callback.summary.lost == {writer: 2}
    assert f"; lost: {writer} at 2 of " in str(callback.summary)
    assert f"; the last loss: {writer} after epoch " in str(callback.summary)
    assert steps_in(callback.summary.folder, writer) == [-1, 0, 3]


def ours(caught):
    return [str(warning.message) for warning in caught if warning.category is ks.SaliencyWarning]


def steps_in(folder, writer):
    """The steps that are written, read back whole."""
    if writer == "tensorboard":
        return [look.step for look in ks.load_looks(folder)]
    if writer == "archive":
        return sorted(int(np.load(path)["step"]) for path in folder.rglob("archive/*"))
    with (folder / "numbers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert np.isfinite([float(row["value"]) for row in rows]).all()
    return sorted({int(row["step"]) for row in rows})


def test_a_log_folder_that_is_deleted(network, saliency, fit, weights, undisturbed, after_epoch, tmp_path):
    callback, model = saliency(writers=["tensorboard", "folder"]), network()
    delete = after_epoch(1, lambda _: shutil.rmtree(tmp_path / "logs"))
    with pytest.warns(ks.SaliencyWarning) as caught:
        fit(model, callback, delete, epochs=EPOCHS)
    assert [message.split(":")[0] for message in ours(caught)] == [
        "tensorboard failed after epoch 3 (step 2)",
        "folder failed after epoch 3 (step 2)",
    ]
    assert callback.summary.lost == {"tensorboard": 2, "folder": 2}
    np.testing.assert_equal(weights(model), undisturbed)


def test_memory_that_runs_out_halves_the_chunks(
    network, saliency, fit, weights, undisturbed, after_epoch, probes, monkeypatch
):
    prove_seams()  # which compiles too, at first use
    backend, sizes, most = current_backend(), [], [5]

    def compile_scarce(function, variables, **options):
        run = compiled(function, variables, **options)

        def scarce(values, leaves, aim):
            sizes.append(len(aim[0]))
            if len(aim[0]) > most[0]:
                raise MemoryError
            return run(values, leaves, aim)

        return scarce

    compiled = backend.compile
    monkeypatch.setattr(backend, "compile", compile_scarce)
    callback, model = saliency(), network()
    fit(model, callback, after_epoch(0, lambda _: most.__setitem__(0, 2)), epochs=EPOCHS)
    assert sizes == [5, 5, 5, 3, *[2] * 3, *[2] * 6]
    assert callback.summary.lost == {}
    np.testing.assert_allclose(
        callback.last_look.methods["gradient"].explanation.maps,
        ks.explain(model, probes).maps,
        rtol=1e-4,
        atol=1e-6,
    )
    np.testing.assert_equal(weights(model), undisturbed)


def test_a_network_that_rejects_the_probes_from_some_epoch_on(
    network, saliency, fit, weights, undisturbed, after_epoch, compiled
):
    class Changing(keras.Sequential):
        rejects = False

        def call(self, inputs, training=None, mask=None):
            if self.rejects and not training:
                raise ValueError("Expected 3 channels")
            return super().call(inputs, training=training, mask=mask)

    def change(callback):
        callback.model.rejects = True

    callback, model = saliency(), compiled(lambda: Changing(network().layers))
    model.set_weights(network().get_weights())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ks.SaliencyWarning)
        fit(model, callback, after_epoch(1, change), epochs=EPOCHS)
    # A model whose attributes change is asked anew.
    assert callback.summary.looks == EPOCHS + 1 - 2
    assert callback.summary.lost == {"the look": 2}
    np.testing.assert_equal(weights(model), undisturbed)


def test_a_slow_disk_loses_nothing_and_is_accounted_for(network, saliency, fit):
    class Slow:
        def open(self, run):
            self.steps = []

        def write(self, look, previous):
            time.sleep(0.1)
            self.steps.append(look.step)
            return 0

        def close(self):
            pass

    slow = Slow()
    callback = saliency(writers=["tensorboard", slow])
    fit(network(), callback, epochs=EPOCHS)
    assert slow.steps == [look.step for look in callback.looks] == [-1, 0, 1, 2, 3]
    assert callback.summary.seconds >= 0.5
    assert callback.summary.lost == {}


@pytest.mark.parametrize(
    ("owner", "name", "lost"),
    [
        (Observer, "look", {"the look": 4}),
        (LogKeys, "update", {"the look": 4}),
        (Logbook, "write", {"the look": 4}),
        (watch, "run_checks", {"the look": 4}),
        (Logbook, "close", {"the end": 1}),
    ],
)
def test_a_defect_of_our_own_ends_no_training(
    network, saliency, fit, weights, undisturbed, monkeypatch, owner, name, lost
):
    class Break(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            def broken(*_, **__):
                raise AssertionError("a defect")

            monkeypatch.setattr(owner, name, broken)

    callback, model = saliency(checks="structure"), network()
    with pytest.warns(ks.SaliencyWarning, match="AssertionError: a defect") as caught:
        fit(model, callback, Break(), epochs=EPOCHS)
    assert len(ours(caught)) == 1
    assert callback.summary.lost == lost
    monkeypatch.undo()
    np.testing.assert_equal(weights(model), undisturbed)
