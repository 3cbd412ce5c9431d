"""Where maps fail, the report names a method whose maps do not."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.checks.gate import advice
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
