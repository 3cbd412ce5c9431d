"""A model that reads a corner, one that reads the middle, and probes that tell them apart."""

from __future__ import annotations

import json
import signal
import zipfile
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import keras_saliency as ks

CORNER, MIDDLE = np.s_[:2, :2], np.s_[4:6, 4:6]


@pytest.fixture(scope="session", autouse=True)
def commands_hear_ctrl_c():
    """What a shell starts in the background ignores Ctrl-C, and so do the processes that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def linear(name, place, *extra):
    """A network of two classes; class 1 is the brightness of a place."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), *extra, keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")],
        name=name,
    )
    weights = np.zeros((8, 8, 2), "float32")
    weights[(*place, 1)], weights[(*place, 0)] = 1, -1
    model.layers[-1].set_weights([weights.reshape(64, 2), np.zeros(2, "float32")])
    return model


def probes():
    """24 images; the middle is bright in class 1 and dark in class 0, and class 1 has a white corner too."""
    labels = np.arange(24) % 2
    images = np.random.default_rng(0).uniform(-0.1, 0.1, (24, 8, 8, 1)).astype("float32")
    images[(slice(None), *MIDDLE)] += np.where(labels, 0.5, -0.5)[:, None, None, None]
    images[(labels == 1, *CORNER)] = 1.0
    mask = np.zeros((8, 8), bool)
    mask[CORNER] = True
    return ks.ProbeSet(images, labels, regions={"corner": mask})


@pytest.fixture(scope="session")
def ci(tmp_path_factory):
    """The files that the tests of commands share; nothing is ever written to their folder."""
    folder = tmp_path_factory.mktemp("ci")
    paths = {name: folder / f"{name}.keras" for name in ("shortcut", "clean", "lambda", "keras2")}
    linear("shortcut", CORNER).save(paths["shortcut"])
    linear("clean", MIDDLE).save(paths["clean"])
    linear("lambda", MIDDLE, keras.layers.Lambda(lambda x: x)).save(paths["lambda"])
    inputs = keras.Input((8, 8, 1))
    keras.Model(inputs, keras.layers.Flatten()(inputs)).save(folder / "functional.keras")
    _as_keras_2(folder / "functional.keras", paths["keras2"])
    probes().save(folder / "probes.npz")
    return SimpleNamespace(folder=folder, probes=folder / "probes.npz", **paths)


def _as_keras_2(model: Path, path: Path) -> None:
    """The file with what Keras 2.15 says of a functional model: where its class lives, and the version."""
    with zipfile.ZipFile(model) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "metadata.json":
                data = json.dumps({"keras_version": "2.15.0", "date_saved": "2024-01-01@00:00:00"}).encode()
            if name == "config.json":
                assert b"keras.src.models.functional" in data
                data = data.replace(b"keras.src.models.functional", b"keras.src.engine.functional")
            target.writestr(name, data)
