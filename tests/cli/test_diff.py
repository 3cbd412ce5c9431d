"""`keras-saliency diff` on two linear models, and its page as people read it."""

from dataclasses import replace
from types import MappingProxyType

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import cli
from tests.elements import Elements


def save(path, corner):
    """A model of two classes: class 1 is the sum of the pixels, with the first one so many times."""
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, use_bias=False)]
    )
    weights = np.zeros((64, 2), "float32")
    weights[:, 1] = np.linspace(0.01, 0.02, 64)
    weights[0, 1] = corner
    model.set_weights([weights])
    model.save(path)
    return path


@pytest.fixture
def files(tmp_path):
    images = np.random.default_rng(0).random((4, 8, 8, 1), "float32")
    images[:2, 0, 0] = -1
    corner = np.zeros((8, 8), bool)
    corner[0, 0] = True
    ks.ProbeSet(
        images,
        [0, 0, 1, 1],
        names=["<a>", "b", "c", "d"],
        class_names=["no", "yes"],
        regions={"corner": corner},
    ).save(tmp_path / "probes.npz")
    return save(tmp_path / "old.keras", 5.0), save(tmp_path / "new.keras", 0.0), tmp_path / "probes.npz"


def diff(capsys, *arguments):
    code = cli.main(["diff", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_what_differs_in_words(capsys, files):
    code, out, _ = diff(capsys, *files, "--target", "1", "--logits", "output")
    assert code == 0
    first, predictions, accuracy, maps, region = out.splitlines()
    assert first.endswith("new.keras: 4 probes, maps by gradient")
    assert predictions == "predictions: 2 of 4 flipped (<a>: no → yes, b: no → yes)"
    assert accuracy == "accuracy on the probes: 1.00 → 0.50"
    assert maps.startswith("rank correlation of the maps: median 0.91, from 0.91 to 0.91")
    assert region == f"enrichment of region corner: {64 * 5 / 5.95:.2f} → 0.00"


def test_a_region_that_some_images_have_or_none(capsys, files):
    probes = ks.ProbeSet.load(files[2])
    some = np.stack([probes.regions["corner"]] * 2 + [np.zeros((8, 8), bool)] * 2)
    for masks, expected in ((some, f"{64 * 5 / 5.95:.2f} → 0.00"), (some & False, "none → none")):
        replace(probes, regions=MappingProxyType({"corner": masks})).save(files[2])
        code, out, _ = diff(capsys, *files, "--target", "1", "--logits", "output")
        assert (code, out.splitlines()[-1]) == (0, f"enrichment of region corner: {expected}")


def test_a_model_and_itself(capsys, files):
    old, _, probes = files
    _, out, _ = diff(capsys, old, old, probes, "--target", "1", "--checks", "finite,nonzero")
    assert "predictions: none flipped" in out
    assert "median 1.00" in out
    assert out.endswith("checks: the same verdicts (the model 1 passed; its maps 1 passed)\n")


def test_verdicts_that_differ(capsys, files):
    _, out, _ = diff(capsys, *files, "--target", "1", "--logits", "output", "--checks", "region,finite")
    (told,) = [line for line in out.splitlines() if line.startswith("check")]
    assert told.startswith("check region_corner: warned → passed. The model does not use region 'corner'")


def test_the_page(capsys, files, tmp_path):
    page = tmp_path / "diff.html"
    for _ in range(2):  # it replaces its own
        code, _, _ = diff(capsys, *files, "--target", "1", "--logits", "output", "--html", page)
        assert code == 0
    text = page.read_text(encoding="utf-8")
    elements = Elements(text)
    assert len(elements.all("img")) == 4 * 4
    assert elements.all("script") == []
    assert "&lt;a&gt;" in text
    assert "<a>" not in text
    assert text.count('<span class="flipped">') == 2
    heads = [words.strip() for _, words in elements.all("th")]
    assert heads == ["input", "before", "after", "change", "rank correlation"]


def test_a_file_of_somebody_else_is_not_replaced(capsys, files, tmp_path):
    (tmp_path / "notes.html").write_text("mine")
    code, _, error = diff(capsys, *files, "--html", tmp_path / "notes.html")
    assert code == cli.WRONG_USE
    assert "notes.html" in error
    assert (tmp_path / "notes.html").read_text() == "mine"


def test_a_model_that_is_not_there(capsys, files, tmp_path):
    code, _, error = diff(capsys, files[0], tmp_path / "none.keras", files[2])
    assert (code, error) == (cli.WRONG_USE, f"keras-saliency diff: No such model: {tmp_path}/none.keras\n")
