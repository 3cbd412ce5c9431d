"""Methods by name: ours, and those of other installed packages."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from keras_saliency import Gradient
from keras_saliency.engine import ScoredModel
from keras_saliency.errors import PluginError
from keras_saliency.explanation import explain
from keras_saliency.methods import METHODS, make_method, make_methods
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.probes.targets import ClassIndex, bind
from tests import answers


def test_every_built_in_method_is_known_by_its_name():
    assert METHODS.built_in().keys() <= set(METHODS.names())
    assert make_method("gradient") == Gradient()


def test_a_method_is_itself():
    method = Gradient(name="gradient_2")
    assert make_method(method) is method
    assert make_methods(method) == (method,)
    assert make_methods([method, "gradient"]) == (method, Gradient())


@pytest.mark.parametrize(
    ("name", "hint"),
    [("gradiant", r"Did you mean 'gradient'"), ("Gradient", "Did you mean 'gradient'"), ("zzz", "")],
)
def test_unknown_names_are_answered_with_the_nearest(name, hint):
    with pytest.raises(ValueError, match=rf"No method '{name}'\. ?{hint}.*Methods: .*gradient") as raised:
        make_method(name)
    assert ("Did you mean" in str(raised.value)) == bool(hint)


@pytest.mark.parametrize("method", [Gradient, None, 3, len, {"name": "gradient"}])
def test_what_is_no_method(method):
    with pytest.raises(
        TypeError, match=r"Expected the name of a method or a method, such as ks\.Gradient\(\)"
    ):
        make_method(method)


@pytest.mark.parametrize("name", ["Gradient", "2_gradients", "smooth grad", "", "a/b", None, 3])
def test_names_are_lower_case_words(name):
    with pytest.raises(
        ValueError,
        match="name of a method to be lower-case words, such as my_method_2. Received: ",
    ):
        make_method(Gradient(name=name))


def test_two_methods_of_one_name():
    with pytest.raises(ValueError, match="Two methods have the name 'gradient'; give one of them another"):
        make_methods(["gradient", Gradient()])


@pytest.mark.parametrize("methods", [[], ()])
def test_no_method_at_all(methods):
    with pytest.raises(ValueError, match="Expected at least one method"):
        make_methods(methods)


ANOTHER_PACKAGE = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from keras_saliency.methods import MethodResult

@dataclass(frozen=True)
class Sevens:
    value: float = 7.0
    name: str = "sevens"
    registered: ClassVar[str] = "sevens"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = False
    is_gradient: ClassVar[bool] = False

    def explain(self, question, rng):
        return MethodResult(np.full(question.inputs.shape[:3], self.value, "float32"))

class NoMethod:
    pass

def cannot():
    raise RuntimeError("cannot be made")
"""


@pytest.fixture
def another_package(tmp_path, monkeypatch):
    """A package that offers methods, as if it were installed."""
    (tmp_path / "other_saliency.py").write_text(ANOTHER_PACKAGE)
    info = tmp_path / "other_saliency-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other_saliency\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[keras_saliency.methods]\n"
        "sevens = other_saliency:Sevens\n"
        "gradient = other_saliency:Sevens\n"
        "no_method = other_saliency:NoMethod\n"
        "missing = no_such_module:Method\n"
        "broken = other_saliency:cannot\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("another_package")
def test_methods_of_other_packages(model, images):
    method = make_method("sevens")
    assert isinstance(method, Method)
    assert (method.name, method.value) == ("sevens", 7.0)
    found = answers.explained(
        method, ScoredModel(model), images, bind(ClassIndex(0), len(images), None), np.random.default_rng(0)
    )
    assert (found.maps == 7).all()


@pytest.mark.usefixtures("another_package")
def test_methods_of_other_packages_explain(model, images):
    explanation = explain(model, images, method="sevens")
    assert explanation.method == "sevens"
    assert explanation.maps.shape == images.shape[:3]
    assert (explanation.heatmaps("signed") == 7).all()


@pytest.mark.usefixtures("another_package")
def test_ours_come_first():
    assert make_method("gradient") == Gradient()


@pytest.mark.usefixtures("another_package")
@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("no_method", TypeError, "Expected the name of a method or a method"),
        (
            "missing",
            PluginError,
            r"The method 'missing' of other_saliency 1\.0 \(no_such_module:Method\) cannot be loaded: "
            r"ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("broken", RuntimeError, "cannot be made"),
        ("seven", ValueError, "Did you mean 'sevens'"),
    ],
)
def test_broken_methods_of_other_packages_break_nothing_else(name, error, sentence):
    assert make_methods(["gradient", "sevens"])
    with pytest.raises(error, match=sentence):
        make_method(name)


def test_a_method_lacks_nothing_of_the_protocol():
    @dataclass(frozen=True)
    class Half:
        name: str = "half"
        registered: ClassVar[str] = "half"

        def explain(self, question, rng):
            return MethodResult(question.inputs)

    with pytest.raises(TypeError, match="Expected the name of a method or a method"):
        make_method(Half())
