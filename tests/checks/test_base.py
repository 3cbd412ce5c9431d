from dataclasses import dataclass, fields
from typing import ClassVar

import pytest

import keras_saliency as ks
from keras_saliency.checks import CHECKS
from keras_saliency.checks.base import judged
from keras_saliency.checks.gate.suites import SUITES
from keras_saliency.reports.result import CheckResult


@dataclass(frozen=True)
class Always:
    name: str = "always"
    registered: ClassVar[str] = "always"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        return CheckResult(self.name, "passed", "Yes.")


def test_every_check_is_listed_under_its_registered_name():
    assert {name: check.registered for name, check in CHECKS.built_in().items()} == {
        n: n for n in SUITES["full"]
    }
    assert all(getattr(ks, check.__name__) is check for check in CHECKS.built_in().values())


@pytest.mark.parametrize(
    ("value", "limit", "direction", "status"),
    [
        (0.5, 0.5, "at_least", "passed"),
        (0.4, 0.5, "at_least", "failed"),
        (0.5, 0.5, "at_most", "passed"),
        (0.6, 0.5, "at_most", "failed"),
        (float("nan"), 0.5, "at_most", "failed"),
        (float("nan"), 0.5, "at_least", "failed"),
    ],
)
def test_a_value_is_held_against_its_limit(value, limit, direction, status):
    assert judged(Always(), value, limit, direction, "").status == status


NEEDED = {"accuracy": {"limit": 0.5}, "golden": {"path": "golden.npz"}, "region": {"region": "corner"}}
NUMBERS = [
    (name, field.name)
    for name, kind in CHECKS.built_in().items()
    for field in fields(kind)
    if field.type in ("float", "int", "int | None")
]


@pytest.mark.parametrize(("name", "field"), NUMBERS)
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -2, True, "0.5", [0.5]])
def test_no_limit_is_something_else_than_a_number(name, field, wrong):
    with pytest.raises(ValueError, match=f"{field}="):
        CHECKS.built_in()[name](**{**NEEDED.get(name, {}), field: wrong})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"fill": float("nan")}, "Expected fill to be"),
        ({"fill": None}, "Expected fill to be"),
        ({"fill": True}, "Expected fill to be"),
        ({"content": [[float("inf")]]}, "Expected content to be an array of finite numbers"),
        ({"content": "white"}, "Expected content to be"),
        ({"content": []}, "Expected content to be"),
        ({"fill": "black"}, "Expected fill to be one of 'mean', 'blur', a number or an array.* fill='black'"),
        ({"forbid": "no"}, "Expected forbid to be True or False"),
        ({"require": None}, "Expected require to be True or False"),
        ({"limit": 0}, "Expected limit to be a number above 0"),
    ],
)
def test_what_a_region_cannot_be_judged_with_is_refused(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        ks.Region("corner", **wrong)


def test_what_is_no_check_is_refused():
    with pytest.raises(
        TypeError, match=r"Expected the name of a check or of a suite, or a check.*Received: 3"
    ):
        CHECKS.validated(3)
    with pytest.raises(TypeError, match="Received: <class"):
        CHECKS.validated(Always)
    with pytest.raises(
        ValueError,
        match="name of a check to be lower-case words, such as my_check_2. Received: 'A b'",
    ):
        CHECKS.validated(Always(name="A b"))
