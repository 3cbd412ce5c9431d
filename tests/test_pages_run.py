"""The Python on the pages that users read first runs as it stands there."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.model_selection import KFold

import keras_saliency as ks
from tests.pages import ROOT, blocks, code

SIDE = 12
OF_AN_IDEA = {'"cat on sofa", ...': '"cat on sofa", *more'}
"""What stands for more of the same, and what it is here."""


def build():
    """A compiled network that takes pixels from 0 to 255."""
    layers = [
        keras.Input((SIDE, SIDE, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(2, 3, activation="relu", name="conv5"),
        keras.layers.Flatten(),
        keras.layers.Dense(2, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def pixels(count):
    return np.random.default_rng(count).integers(0, 256, (count, SIDE, SIDE, 3)).astype("float32")


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What the pages take as given."""
    monkeypatch.chdir(tmp_path)
    for path in ("cat.jpg", "photos/cats/1.png", "photos/dogs/2.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(1)[0].astype("uint8")).save(tmp_path / path)
    x, y, images, labels = pixels(12), np.arange(12) % 2, pixels(4), np.arange(4) % 2
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:3, :3] = True
    model = build()
    probes = ks.ProbeSet(images, labels, regions={"corner": mask})
    return {
        **{"ks": ks, "keras": keras, "np": np, "model": model, "build": build, "probes": probes},
        **{"x": x, "y": y, "x_val": x, "y_val": y, "images": images, "labels": labels, "mask": mask},
        **{"originals": images.astype("uint8"), "more": ["a", "b", "c"], "batches": [(x, y)] * 2},
        "train_step": lambda model, x, y: model.train_on_batch(x, y),
        "other": ks.explain(model, probes, "input_x_gradient"),
    }


def run(block, names):
    for idea, thing in OF_AN_IDEA.items():
        block = block.replace(idea, thing)
    exec(compile(block, "the page", "exec"), names)


def test_the_readme(names, tmp_path):
    watching, stopping, explaining = code((ROOT / "README.md").read_text(encoding="utf-8"))
    run(watching, names)
    assert len(ks.load_looks("logs")) == 21
    run(stopping, names)
    assert "saliency_gradient_watermark_enrichment" in names["model"].history.history
    assert {path.name for path in (tmp_path / "logs").iterdir() if path.is_dir()} == {
        "saliency",
        "saliency_2",
    }
    run(explaining, names)
    assert names["explanation"].heatmaps("signed").shape == (1, SIDE, SIDE)
    assert ks.Explanation.load("out").maps.shape == (1, SIDE, SIDE, 3)


def test_the_page_of_the_callback(names):
    watching, making, stopping, folding, looping = blocks("callback.md")
    run(watching, names)
    names["dataset"] = tf.data.Dataset.from_tensor_slices((names["x"], names["y"])).batch(4)
    made = dict(names)
    run(making, made)
    assert made["probes"].class_names == ("cats", "dogs")
    run(stopping, names)
    run(folding, names | {"KFold": KFold})
    assert [len(ks.load_looks("logs", run=f"fold_{fold}")) for fold in range(3)] == [21, 21, 21]
    run(looping, names)
    assert names["saliency"].summary.looks == 1


def test_the_pages_of_metrics_checks_and_targets(names, capsys):
    run(*blocks("metrics.md"), names)
    assert names["inside"].shape == (4,)
    with contextlib.suppress(ks.ChecksFailedError):  # this network has learned nothing
        run(*blocks("checks.md"), names)
    assert "region_corner" in capsys.readouterr().out
    run(blocks("gradients.md")[2], names)
    assert names["explanation"].maps.shape == (2, 4, 4, 1)
