"""The public names, and what importing them loads."""

import ast
import subprocess
import sys
from inspect import getsource

import pytest

import keras_saliency as ks

HEAVY = ("keras", "tensorflow", "jax", "torch")


def loaded_by(code):
    """Which heavy packages a fresh process has loaded after this code."""
    report = f"import sys; print(sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import keras_saliency",
        "import keras_saliency as ks; ks.load_looks",
        "import keras_saliency as ks; ks.ProbeSet, ks.Label, ks.SaliencyWarning, dir(ks)",
        "from keras_saliency import ProbeSet; import numpy as np; ProbeSet(np.zeros((2, 3, 3))).fingerprint",
        "import keras_saliency.looks.look, keras_saliency.render.probe_captions, keras_saliency.looks.writers",
    ],
)
def test_this_loads_neither_keras_nor_a_framework(code):
    assert loaded_by(code) == "[]"


@pytest.mark.parametrize("name", ks.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ks, name).__name__ == name
    assert getattr(ks, name).__doc__


def test_names_are_listed_once_and_no_others():
    assert sorted(ks.__all__) == sorted(ks._HOMES) == list(ks._HOMES)
    assert set(ks.__all__) | {"__version__"} <= set(dir(ks))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'keras_saliency' has no attribute 'SaliencyCalback'"):
        _ = ks.SaliencyCalback
    assert not hasattr(ks, "gradient_saliency")


def test_the_type_checker_sees_the_same_names():
    imports = (node for node in ast.walk(ast.parse(getsource(ks))) if isinstance(node, ast.ImportFrom))
    seen = {alias.name: node.module for node in imports for alias in node.names}
    assert {name: f"keras_saliency.{home}" for name, home in ks._HOMES.items()}.items() <= seen.items()
