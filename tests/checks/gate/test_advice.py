"""Where maps fail, the report names a method whose maps do not."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.gate import advice
from keras_saliency.checks.gate.advice import advised
from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.reports.result import CheckResult


@pytest.fixture
def shown(fake_method):
    """A method that shows the image, whatever was learned."""
    return fake_method(lambda images, rng: images)


def test_maps_that_fail_are_no_reproach_to_a_sound_model(arms, shown):
    trained = arms("clean")
    report = ks.check(trained.model, trained.natural, ["quick"], method=shown)
    by_name = {result.name: result for result in report.results}
    assert by_name["parameter_randomization"].status == "failed"
    assert report.passed
    assert not ks.check(trained.model, trained.natural, "quick", method=shown, fail_on="any").passed
    assert report.advice.startswith("Maps by grad_cam pass what these fail: ")
    assert re.search(r"parameter_randomization -?0\.\d+ \(these 1, must be at most 0\.2\)", report.advice)
    spent = sum(result.evaluations for result in report.results)
    assert spent < report.evaluations < 2 * spent


def test_what_was_asked_for_counts(arms, shown):
    trained = arms("clean")
    report = ks.check(trained.model, trained.stamped, "parameter_randomization", method=shown)
    assert not report.passed
    assert (report.results[0].about, report.results[0].counts) == ("maps", True)


def test_maps_that_are_none_fail_the_run(arms, fake_method):
    trained = arms("clean")
    noise = fake_method(lambda images, rng: rng.normal(size=images.shape))
    report = ks.check(trained.model, trained.stamped, "structure", method=noise)
    assert [r.name for r in report.failures] == ["input_dependence"]
    constant = fake_method(lambda images, rng: np.ones_like(images))
    assert not ks.check(trained.model, trained.stamped, "structure", method=constant).passed


def test_no_advice_where_no_map_failed_and_none_where_no_method_passes(arms, shown, monkeypatch):
    trained = arms("clean")
    assert ks.check(trained.model, trained.stamped, "structure").advice == ""
    monkeypatch.setattr(advice, "TRIED", ("guided_backprop", "deconvnet"))
    report = ks.check(trained.model, trained.stamped, "parameter_randomization", method=shown)
    assert report.advice == (
        "No other method that was tried (guided_backprop, deconvnet) passes all that these fail."
    )


@dataclass(frozen=True)
class ByMethod:
    """Passes maps by some methods, with the value 0.25, and notes whose maps it was shown."""

    passes: tuple[str, ...]
    seen: list[Any]
    name: str = "by_method"
    registered: ClassVar[str] = "by_method"
    cheap: ClassVar[bool] = True
    about: ClassVar[str] = "maps"

    def run(self, subject):
        self.seen.append((self.name, subject.method.name, subject.seed, subject.question, subject.probes))
        status = "passed" if subject.method.name in self.passes else "warned"
        return CheckResult(self.name, status, "So.", 0.25, 0.5, "at_most")


@pytest.fixture(scope="module")
def subject():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    return Subject.of(model, ks.ProbeSet(np.ones((2, 4, 4, 1), "float32")), seed=7)


def found(name, status="failed", about="maps", value=2.0, limit=0.5, evaluations=0):
    direction = None if limit is None else "at_most"
    return CheckResult(name, status, "So.", value, limit, direction, evaluations=evaluations, about=about)


def test_methods_are_tried_in_order_the_cheapest_check_first(subject):
    seen = []
    costly = ByMethod(("smoothgrad", "integrated_gradients"), seen, "costly")
    cheap = ByMethod(("grad_cam", "smoothgrad"), seen, "cheap")
    chosen = [Chosen(costly, True), Chosen(cheap, False)]
    results = [found("costly", evaluations=9), found("cheap", value=-0.75, evaluations=3)]
    assert advised(subject, chosen, results) == (
        "Maps by smoothgrad pass what these fail: cheap 0.25 (these -0.75, must be at most 0.5), "
        "costly 0.25 (these 2, must be at most 0.5)."
    )
    assert [(name, method) for name, method, *_ in seen] == [
        ("cheap", "grad_cam"),
        ("costly", "grad_cam"),
        ("cheap", "smoothgrad"),
        ("costly", "smoothgrad"),
    ]
    assert all(rest == [7, subject.question, subject.probes] for _, _, *rest in seen)


def test_only_maps_that_failed_are_a_reason(subject):
    check = ByMethod(("grad_cam",), [])
    for status, about in (("failed", "model"), ("warned", "maps"), ("errored", "maps"), ("passed", "maps")):
        assert advised(subject, [Chosen(check, True)], [found("by_method", status, about)]) == ""
    assert check.seen == []
    none = ByMethod((), [])
    assert advised(subject, [Chosen(none, True)], [found("by_method")]) == (
        "No other method that was tried (grad_cam, smoothgrad, integrated_gradients) passes all that these fail."
    )
    of_its_own = Subject(subject.question, subject.probes, ks.SmoothGrad())
    assert advised(of_its_own, [Chosen(none, True)], [found("by_method")]) == (
        "No other method that was tried (grad_cam, integrated_gradients) passes all that these fail."
    )


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (found("by_method", limit=None), "by_method 0.25 (these 2)"),
        (found("by_method", value=None), "by_method"),
    ],
)
def test_a_check_need_not_tell_a_value(subject, result, said):
    said_of = advised(subject, [Chosen(ByMethod(("grad_cam",), []), True)], [result])
    assert said_of == f"Maps by grad_cam pass what these fail: {said}."


@dataclass(frozen=True)
class Told:
    """Fails the maps of `fake`, and says something else of all others."""

    otherwise: str
    name: str = "told"
    registered: ClassVar[str] = "told"
    cheap: ClassVar[bool] = True
    about: ClassVar[str] = "maps"

    def run(self, subject):
        status = "failed" if subject.method.name == "fake" else self.otherwise
        if status == "raised":
            raise RuntimeError("on purpose")
        return CheckResult(self.name, status, "Told.", 1.5, 0.5, "at_most")


@pytest.mark.parametrize("otherwise", ["passed", "warned", "skipped", "failed", "raised"])
def test_only_maps_that_pass_are_named(arms, shown, otherwise):
    trained = arms("clean")
    report = ks.check(trained.model, trained.stamped, Told(otherwise), method=shown)
    assert report.advice.startswith("Maps by grad_cam pass") is (otherwise == "passed")
    if otherwise == "passed":
        assert (
            report.advice
            == "Maps by grad_cam pass what these fail: told 1.5 (these 1.5, must be at most 0.5)."
        )
