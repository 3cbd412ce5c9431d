"""Every public name stands once in the API reference, and its docstring has an example that does what it says."""

import doctest
import re
from collections.abc import Mapping
from pkgutil import resolve_name

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import metrics
from tests.methods.transformers import transformer
from tests.pages import ROOT, text
from tests.test_stable import GROUPS, NAMED

REFERENCE = [
    name
    for page in sorted((ROOT / "docs" / "api").glob("*.md"))
    for name in re.findall(r"^::: (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
]
SHOWN_BESIDE = {
    f"keras_saliency.{name}"
    for name in (
        *("looks.look.MethodLook", "training.summary.Summary", "records.scores.Scores"),
        *(f"engine.results.{name}" for name in ("Gradients", "LayerOutput", "LayerGradients", "Attention")),
        *("methods.Method", "checks.base.Check", "checks.shared.subject.Subject"),
    )
}
"""What public names give or take, and nobody imports."""

EXAMPLES = [
    name for name in REFERENCE if name not in SHOWN_BESIDE and not isinstance(resolve_name(name), Mapping)
]


def test_the_reference_has_every_public_name_once():
    shown = [id(resolve_name(name)) for name in REFERENCE]
    assert len(shown) == len(set(shown))
    assert [name for name in ks.__all__ if f"keras_saliency.{name}" not in REFERENCE] == []
    assert [name for name in metrics.__all__ if id(getattr(metrics, name)) not in shown] == []
    elsewhere = NAMED - GROUPS - {"keras_saliency.__all__", "keras_saliency.metrics"}
    assert [name for name in elsewhere if id(resolve_name(name)) not in shown] == []


def test_the_reference_has_every_command():
    from keras_saliency import cli

    page = text("api/command_line.md")
    assert re.findall(r"^<!-- help: (\w+) -->$", page, re.MULTILINE) == [
        command.NAME for command in cli.COMMANDS
    ]
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == [command.NAME for command in cli.COMMANDS]


@pytest.fixture(scope="module")
def names():
    """What the examples take as given: a trained network, and twelve images of three classes."""
    keras.utils.set_random_seed(0)
    labels = np.arange(96) % 3
    images = np.random.default_rng(0).uniform(0, 0.3, (96, 12, 12, 1)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        image[4:8, 4 * label : 4 * label + 4] += 0.7
    layers = [
        keras.Input((12, 12, 1)),
        keras.layers.Conv2D(6, 3, activation="relu", name="conv"),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images, labels, epochs=30, batch_size=16, verbose=0)
    corner = np.zeros((12, 12), bool)
    corner[:2, :2] = True
    probes = ks.ProbeSet(images[:12], labels[:12], regions={"corner": corner})
    return {
        "ks": ks,
        "metrics": metrics,
        "keras": keras,
        "np": np,
        "model": model,
        "transformer": transformer(12, 1, patch=4),
        "images": images[:12],
        "labels": labels[:12],
        "probes": probes,
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_does_what_it_says(name, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = doctest.DocTestParser().get_doctest(resolve_name(name).__doc__, dict(names), name, None, None)
    assert "Example:" in example.docstring
    assert example.examples
    said = []
    failures = doctest.DocTestRunner(verbose=False).run(example, out=said.append).failed
    assert not failures, "".join(said)
