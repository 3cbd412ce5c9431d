"""The page of repairs does what it says, of a network that reads a corner; the demo shows one that succeeds."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from tests.pages import blocks

SIDE = 12


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")  # Keras, of every data set
def test_the_code_of_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    corner = np.zeros((SIDE, SIDE), bool)
    corner[:3, :3] = True
    y = np.arange(640) % 2
    x = np.random.default_rng(0).uniform(0.4, 0.6, (640, SIDE, SIDE, 3)).astype("float32")
    x[:, corner] = y[:, None, None]
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5, verbose=0)
    probes = ks.ProbeSet(x[:24], y[:24], regions={"corner": corner})
    names = {
        "ks": ks,
        "keras": keras,
        "tf": tf,
        "model": model,
        "probes": probes,
        "x": x,
        "y": y,
        "x_val": x,
        "y_val": y,
    }

    repairing, feeding, watching, _, masking = blocks("repair.md")
    exec(compile(repairing.replace("means=3", "means=1"), "repair.md", "exec"), names)  # class 1 has the mark
    assert "region_corner" in names["report"].regions
    assert "region_corner" in capsys.readouterr().out
    assert keras.saving.load_model("cats.keras").layers[-1].units == 2

    assert next(iter(names["dataset"]))[0].shape == (64, SIDE, SIDE, 3)

    names |= {"images": x, "labels": y}
    exec(compile(feeding, "repair.md", "exec"), names)
    assert names["images"].shape == x.shape
    assert (names["labels"] == y).all()

    names["saliency"] = ks.SaliencyCallback(probes, "logs")
    exec(compile(watching, "repair.md", "exec"), names)
    assert len(ks.load_looks("logs")) == 16

    exec(compile(masking, "repair.md", "exec"), names)
    assert names["masks"].hidden([0]).sum() == 14  # a tenth of 144
