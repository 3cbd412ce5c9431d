"""The public names, and what importing them loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_saliency as ks

LIST = Path(ks.__file__).with_name("__init__.pyi")
LISTED = [
    alias
    for node in ast.walk(ast.parse(LIST.read_text(encoding="utf-8")))
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
]
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
        "import keras_saliency.looks.look, keras_saliency.probes.captions, keras_saliency.looks.writers",
    ],
)
def test_this_loads_neither_keras_nor_a_framework(code):
    assert loaded_by(code) == "[]"


@pytest.mark.parametrize("name", ks.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ks, name).__name__ == name
    assert getattr(ks, name).__doc__


def test_names_are_listed_once_with_the_module_that_defines_them():
    assert len(set(ks.__all__)) == len(ks.__all__) == len(LISTED) > 50
    assert {name: getattr(ks, name).__module__ for name in ks.__all__} == ks.HOMES
    assert set(ks.__all__) | {"__version__"} <= set(dir(ks))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'keras_saliency' has no attribute 'SaliencyCalback'"):
        _ = ks.SaliencyCalback
    assert not hasattr(ks, "gradient_saliency")


def test_a_type_checker_takes_each_name_for_public():
    """In a stub only `import X as X` passes a name on."""
    assert [alias.name for alias in LISTED] == [alias.asname for alias in LISTED]
