"""The code on all pages runs as it stands there, page by page and block after block, or it says why not."""

import contextlib
import json
import shlex
import tomllib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.model_selection import KFold

import keras_saliency as ks
from keras_saliency.cli import main
from tests.pages import PAGES, fenced
from tests.test_pages_name import SHELL, lines

SIDE = 12
PYTHON = ("python", "py")
READ = {"toml": tomllib.loads, "json": json.loads}
"""How settings are read; what they say is for the tests of their own pages."""
NOT_RUN = {
    **{
        ("repair.md", start): "tests/training/repair/test_page.py, with a network that has learned a corner"
        for start in ("report = ks.check", "images, labels = ", "model.fit", "masks = ")
    },
    **{
        ("survey.md", start): "tests/surveys/test_on_ray.py, on a cluster"
        for start in ('survey = ks.survey(model, "/mnt', "photos = ray")
    },
    ("survey.md", "probes = ks"): "tests/demo/test_survey.py, with a network that has learned a mark",
    ("architecture.md", "__main__"): "a picture, which tests/test_architecture.py compares with the house",
}
"""Why a block, by its page and the beginning of its first line, is not run."""
STANDS_FOR = {
    '"cat on sofa", ...': '"cat on sofa", *more',
    "size=(96, 96), scale=1 / 255": "size=(12, 12)",  # what the network here takes
    '["tensorboard", "notebook"]': '["tensorboard"]',  # tests/test_notebook.py: in a notebook
    '["tensorboard", "mlflow"]': '["tensorboard"]',  # `make test-trackers`: with the trackers
}
"""What is here in the place of what a page says."""
FOR_REAL = ("start.md",)
"""Pages whose commands are run too; those of the others are read by the command line (tests/test_pages_name.py)."""
FAILS = {"checks.md": ks.ChecksFailedError}
"""What a page may raise, where its network has learned nothing."""


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
    model.save("cats.keras")
    probes = ks.ProbeSet(images, labels, regions={"corner": mask})
    return {
        **{"__name__": "page", "ks": ks, "keras": keras, "np": np, "pytest": pytest, "KFold": KFold},
        **{"model": model, "new_model": model, "another_training": build(), "build": build, "probes": probes},
        **{"x": x, "y": y, "x_val": x, "y_val": y, "images": images, "labels": labels, "mask": mask},
        **{"originals": images.astype("uint8"), "more": ["a", "b", "c"], "batches": [(x, y)] * 2},
        "dataset": tf.data.Dataset.from_tensor_slices((x, y)).batch(4),
        "train_step": lambda model, x, y: model.train_on_batch(x, y),
        "other": ks.explain(model, probes, "input_x_gradient"),
        "exit_codes": [],
    }


def is_run(page, block):
    first = block.source.partition("\n")[0]
    return not any(page.name == name and first.startswith(start) for name, start in NOT_RUN)


def run(page, block, names):
    source = block.source
    for said, here in STANDS_FOR.items():
        source = source.replace(said, here)
    if block.language in PYTHON:
        with contextlib.suppress(*[FAILS[page.name]] if page.name in FAILS else []):
            exec(compile(source, page.name, "exec"), names)
    elif block.language in READ:
        READ[block.language](source)
    elif page.name in FOR_REAL:
        commands = [shlex.split(line, comments=True) for line in source.splitlines()]
        names["exit_codes"] += [
            main(words[1:]) for words in commands if words[:2] == ["keras-saliency", "check"]
        ]


def readme(names):
    assert len(ks.load_looks("logs")) == 21
    assert names["explanation"].heatmaps("signed").shape == (4, SIDE, SIDE)
    assert ks.Explanation.load("out").maps.shape == (4, SIDE, SIDE, 3)


def start(names):
    assert names["history"].history["val_accuracy"][-1] > 0.9
    assert names["share"] > 0.1
    verdicts = {result.name: result.status for result in names["report"].results}
    failed = ["region_corner", "unexpected_region"]
    assert [name for name, status in verdicts.items() if status != "passed"] == failed
    assert names["exit_codes"] == [1, 0]


def callback(names):
    assert names["probes"].class_names == ("cats", "dogs")
    assert "saliency_gradient_watermark_enrichment" in names["history"].history
    assert [len(ks.load_looks("logs", run=f"fold_{fold}")) for fold in range(3)] == [21, 21, 21]
    assert names["saliency"].summary.looks == 1


def explain(names):
    assert names["explanation"].heatmaps("signed").shape == (1, SIDE, SIDE)


def metrics(names):
    assert names["inside"].shape == (4,)


def checks(names):
    assert {"region_corner", "accuracy", "untrained"} <= {result.name for result in names["report"].results}


def gradients(names):
    assert names["explanation"].maps.shape == (2, 4, 4, 1)


SHOWS = {f"{check.__name__}.md": check for check in (start, callback, explain, metrics, checks, gradients)}
SHOWS["README.md"] = readme
"""What the code of a page has shown in the end."""


@pytest.mark.parametrize("page", [page for page in PAGES if fenced(page)], ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page, names):
    for block in filter(lambda block: is_run(page, block), fenced(page)):
        run(page, block, names)
    SHOWS.get(page.name, lambda names: None)(names)


def test_every_block_is_run_or_says_why_not():
    known = (*PYTHON, *READ, *SHELL)
    blocks = [(page, block) for page in PAGES for block in fenced(page)]
    assert [
        (page.name, block) for page, block in blocks if is_run(page, block) and block.language not in known
    ] == []
    assert len([block for page, block in blocks if not is_run(page, block)]) == len(NOT_RUN)
    assert all(list(lines(page)) for page in PAGES if page.name in FOR_REAL)
