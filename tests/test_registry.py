"""Things by name, of ours and of other packages."""

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import pytest

from keras_saliency.errors import NeedsSettingError, PluginError, SaliencyError
from keras_saliency.registry import Registry, is_name, nearest, public, unknown


@runtime_checkable
class Fruit(Protocol):
    @property
    def name(self) -> str: ...

    def eat(self): ...


@dataclass(frozen=True)
class Apple:
    size: int = 3
    name: str = "apple"

    def eat(self): ...


@dataclass(frozen=True)
class Pear(Apple):
    ripe: bool = field(kw_only=True)
    name: str = "pear"


FRUITS = Registry(
    "fruit", Fruit, "the name of a fruit or a fruit", {"apple": f"{__name__}:Apple", "lost": "nowhere:Lost"}
)


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """This module can be imported by its name, however the tests are run."""
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Apple.__module__])


def test_a_name_and_a_thing():
    assert FRUITS.make("apple") == Apple()
    assert FRUITS.make("apple", {"size": 5}) == Apple(5)
    assert FRUITS.make(apple := Apple(7)) is apple
    assert FRUITS.find("apple") is Apple


def test_names_are_known_before_anything_is_loaded(offer):
    offer("keras_saliency.fruits", pear=Pear, apple=Pear)
    assert FRUITS.names() == ["apple", "lost", "pear"]
    assert FRUITS.make("apple") == Apple()
    assert FRUITS.make("pear", {"ripe": True}) == Pear(ripe=True)


def test_what_another_kind_is_called_is_unknown(offer):
    offer("keras_saliency.methods", pear=Pear)
    with pytest.raises(ValueError, match=r"^No fruit 'peer'\. Fruits: apple, lost\.$"):
        FRUITS.make("peer")


@pytest.mark.parametrize(
    ("name", "options", "error", "sentence"),
    [
        ("aple", {}, ValueError, r"^No fruit 'aple'\. Did you mean 'apple'\? Fruits: apple, lost, pear\.$"),
        (
            "apple",
            {"siz": 1},
            ValueError,
            r"^The fruit apple has no option 'siz'\. Did you mean 'size'\? Its options: size, name\.$",
        ),
        (
            "pear",
            {},
            NeedsSettingError,
            r"^The fruit 'pear' needs a setting: give Pear\(ripe=…\) in its place\.$",
        ),
        (
            "apple",
            {"name": "An Apple"},
            ValueError,
            "lower-case words, such as my_fruit_2. Received: 'An Apple'",
        ),
        (Apple, {}, TypeError, "Expected the name of a fruit or a fruit. Received: <class"),
        (None, {}, TypeError, "Expected the name of a fruit or a fruit. Received: None"),
        ("lost", {}, ModuleNotFoundError, "No module named 'nowhere'"),
    ],
)
def test_what_cannot_be_made(offer, name, options, error, sentence):
    offer("keras_saliency.fruits", pear=Pear)
    with pytest.raises(error, match=sentence):
        FRUITS.make(name, options)


def test_what_takes_anything_is_made_without_options(offer):
    offer("keras_saliency.fruits", any=lambda *_, **__: Apple())
    assert FRUITS.make("any") == Apple()


@pytest.fixture
def broken_package(tmp_path, monkeypatch):
    (tmp_path / "broken_fruits.py").write_text("1 / 0")
    info = tmp_path / "broken_fruits-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-fruits\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text("[keras_saliency.fruits]\nplum = broken_fruits:Plum\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("broken_package")
def test_a_package_that_cannot_be_imported_is_named_when_it_is_asked_for():
    assert FRUITS.make("apple") == Apple()
    assert "plum" in FRUITS.names()
    with pytest.raises(
        PluginError,
        match=r"^The fruit 'plum' of broken-fruits 2\.1 \(broken_fruits:Plum\) cannot be loaded: "
        "ZeroDivisionError: division by zero$",
    ) as raised:
        FRUITS.make("plum")
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert isinstance(raised.value, SaliencyError)


def test_the_public_things_of_a_room_are_called_by_their_files():
    methods = public("keras_saliency.methods")
    assert methods["grad_cam"] == "keras_saliency.methods.grad_cam:GradCAM"
    assert public("keras_saliency.checks")["finite"] == "keras_saliency.checks.finite:Finite"
    assert not {"base", "runner", "check"} & {*methods, *public("keras_saliency.checks")}


def test_names_load_neither_keras_nor_what_they_name():
    code = (
        "import sys; from keras_saliency.checks import CHECKS; assert 'finite' in CHECKS.names(); "
        "sys.exit(bool({'keras', 'keras_saliency.engine', 'keras_saliency.checks.finite'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("gradeint", ["gradient", "rise"], " Did you mean 'gradient'?"),
        ("GradCAM", ["grad_cam", "rise"], " Did you mean 'grad_cam'?"),
        ("relu", ["ReLU", "tanh"], " Did you mean 'ReLU'?"),
        ("corner", ["corner_a", "corner_b", "corner_c"], " Did you mean 'corner_c' or 'corner_b'?"),
        ("zzz", ["gradient", "rise"], ""),
        ("gradient", [], ""),
    ],
)
def test_what_was_probably_meant(name, known, hint):
    assert nearest(name, known) == hint


def test_an_unknown_name_is_answered_with_those_there_are():
    assert (
        str(unknown("colour", "rde", ["red", "blue"]))
        == "No colour 'rde'. Did you mean 'red'? Colours: red, blue."
    )
    assert str(unknown("colour", "x", ["red"], "All")) == "No colour 'x'. All: red."


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a", True),
        ("my_check_2", True),
        ("", False),
        ("2a", False),
        ("A", False),
        ("a\n", False),
        (None, False),
    ],
)
def test_what_may_be_a_name(name, fits):
    assert is_name(name) is fits
