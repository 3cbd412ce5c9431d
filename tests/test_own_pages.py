"""What the pages "your own method", "your own check" and "your own writer" say works as they say it."""

import importlib
import json
import re
import sys
import tomllib

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.cli import main
from keras_saliency.engine import Question
from tests.pages import blocks, text


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """`installed(page)`: the module of an installed package, made of the page's Python and its entry points."""

    def install(page):
        (source,), (project,) = blocks(page), blocks(page, "toml")
        (tmp_path / "my_package.py").write_text(source, encoding="utf-8")
        groups = tomllib.loads(project)["project"]["entry-points"].items()
        lines = [
            line
            for group, offers in groups
            for line in (f"[{group}]", *(f"{name} = {place}" for name, place in offers.items()))
        ]
        info = tmp_path / "my_package-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "my_package", raising=False)
        return importlib.import_module("my_package")

    return install


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(4, "tanh"), keras.layers.Dense(2, "softmax")]
    return keras.Sequential([keras.Input((4, 4, 1)), *layers])


IMAGES = np.random.default_rng(0).random((3, 4, 4, 1)).astype("float32")
PROBES = ks.ProbeSet(IMAGES, [0, 1, 0])


def test_a_method_of_ones_own(installed, model, capsys):
    method = installed("own_method.md").NoisyGradient
    gradient = ks.explain(model, IMAGES).maps
    np.testing.assert_array_equal(ks.explain(model, IMAGES, method(noise=0.0)).maps, gradient)
    noisy = ks.explain(model, IMAGES, "noisy_gradient").maps
    np.testing.assert_array_equal(noisy, ks.explain(model, IMAGES, method()).maps)
    assert np.abs(noisy - gradient).max() > 1e-4
    assert main(["methods"]) == 0
    assert "noisy_gradient" in capsys.readouterr().out


def test_a_check_of_ones_own(installed, model):
    check = installed("own_check.md").Confident
    (result,) = ks.check(model, PROBES, "confident").results
    assert (result.status, result.limit) == ("passed", 0.5)
    (result,) = ks.check(model, PROBES, check(limit=1.1)).results
    assert result.status == "failed"
    assert result.sentence.startswith("The mean probability of the predicted class is 0.")


def test_a_writer_of_ones_own(installed, model, tmp_path):
    installed("own_writer.md")
    model.compile("sgd", "sparse_categorical_crossentropy")
    saliency = ks.SaliencyCallback(PROBES, tmp_path / "logs", writers="json_lines", on_error="raise")
    model.fit(IMAGES, PROBES.labels, epochs=2, verbose=0, callbacks=[saliency])
    lines = (tmp_path / "logs" / "saliency" / "numbers.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [-1, 0, 1]
    assert json.loads(lines[-1])["gradient/entropy"] == saliency.last_look.numbers["gradient/entropy"]
    assert saliency.summary.written == sum(len(line) + 1 for line in lines)


def documented(page, about):
    """The first name of each row in the table about this object."""
    table = text(page).partition(f"| `{about}.…` |")[2].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)", table, re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "about", "kind"),
    [("own_method.md", "question", Question), ("own_check.md", "subject", Subject)],
)
def test_what_the_tables_say_may_be_asked_can_be_asked(page, about, kind, model):
    subject = Subject.of(model, PROBES)
    thing = {"subject": subject, "question": subject.question}[about]
    names = documented(page, about)
    assert len(names) > 5
    assert [name for name in names if not hasattr(thing, name)] == []


@pytest.mark.parametrize("page", ["own_method.md", "own_check.md", "own_writer.md"])
def test_the_pages_are_short(page):
    assert len(text(page).splitlines()) < 60
