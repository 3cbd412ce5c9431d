"""The code in the docs does what the docs say; the links lead somewhere."""

import contextlib
import io
import re

import keras
import numpy as np
import pytest

import keras_saliency as ks
from tests.pages import PAGES, blocks, text


def test_the_classic_answer_prints_what_the_page_says():
    block = blocks("gradients.md")[0]
    promised = "\n".join(line.removeprefix("# ") for line in block.splitlines() if line.startswith("# "))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "gradients.md", "exec"), {})
    assert printed.getvalue().strip() == promised


def test_the_map_is_the_first_convolutions_gradient_back_through_its_kernels():
    """The page's own function, on the gradient that finite steps of the convolution's output give."""
    names = {"np": np}
    exec(compile(blocks("gradients.md")[1], "gradients.md", "exec"), names)
    keras.utils.set_random_seed(0)
    convolution = keras.layers.Conv2D(4, 3, padding="same")
    head = keras.Sequential([keras.layers.Activation("tanh"), keras.layers.Flatten(), keras.layers.Dense(3)])
    model = keras.Sequential([keras.Input((5, 6, 2)), convolution, head])
    image = np.random.default_rng(0).normal(size=(1, 5, 6, 2)).astype("float32")
    features = keras.ops.convert_to_numpy(convolution(image))

    gradient = np.zeros(features.shape[1:])
    for place in np.ndindex(gradient.shape):
        step = np.zeros_like(features)
        step[(0, *place)] = 1e-2
        above, below = (keras.ops.convert_to_numpy(head(features + sign * step)) for sign in (1, -1))
        gradient[place] = (above[0, 1] - below[0, 1]) / 2e-2

    kernel = keras.ops.convert_to_numpy(convolution.kernel)
    by_hand = names["back_through_the_kernel"](gradient, kernel)
    explained = ks.explain(model, image, target=1).maps[0]
    assert np.abs(by_hand - explained).max() <= 1e-3 * np.abs(explained).max()


def anchors(page):
    """The places that a link may name: the headings, in the form of GitHub and the site."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", page.read_text(encoding="utf-8"))
    assert [link for link, _ in links if not (page.parent / link).exists()] == []
    places = [(page.parent / link if link else page, anchor) for link, anchor in links if anchor]
    assert [place for place in places if place[1] not in anchors(place[0])] == []


def test_the_page_lists_every_method():
    from keras_saliency.methods import METHODS

    page = text("methods.md")
    assert [name for name in METHODS.built_in() if f"| `{name}` |" not in page] == []


def test_the_config_on_the_page_has_every_setting(tmp_path):
    from keras_saliency.checks.gate.config import Config, read_config

    (config,) = blocks("ci.md", "toml")
    (tmp_path / "saliency.toml").write_text(config, encoding="utf-8")
    read = read_config(tmp_path / "saliency.toml")
    assert read.waivers[0].check == "region_corner"
    assert [
        name for name in Config.__dataclass_fields__ if not re.search(rf"^\W*{name}\b", config, re.M)
    ] == []


def test_the_python_on_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    saving, tests, checking = blocks("ci.md")
    images = np.random.default_rng(0).random((4, 6, 6, 1)).astype("float32")
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    names = {"images": images, "labels": [0, 1, 0, 1], "model": model, "keras": keras, "pytest": pytest}
    exec(compile(saving, "ci.md", "exec"), names)
    names["probes"] = ks.ProbeSet.load("probes.npz")
    assert list(names["probes"].regions) == ["corner"]
    exec(compile(checking, "ci.md", "exec"), names)
    assert "region_corner" in capsys.readouterr().out
    exec(compile(tests, "ci.md", "exec"), names)
    (mark,) = names["test_attention_check"].pytestmark
    assert mark.kwargs.keys() == {"model", "probes", "config"}


def test_the_page_of_checks_names_every_check():
    from keras_saliency.checks import CHECKS

    page = text("checks.md").lower()
    said = {name: name in page or name.replace("_", " ") in page for name in CHECKS.built_in()}
    assert [name for name, is_said in said.items() if not is_said] == []
