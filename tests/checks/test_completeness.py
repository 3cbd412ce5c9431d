from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.completeness import Completeness
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.exhibits import probe_and_maps
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.methods import MethodResult
from tests.verdicts import verdict

PROBES = ks.ProbeSet(np.random.default_rng(0).random((6, 5, 5, 1)).astype("float32"))


@cache
def curved():
    """f(x) = Σ w x³, far from linear between 0 and the image."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((5, 5, 1)), layers.Flatten(), layers.Lambda(lambda x: x**3), layers.Dense(1)]
    )


def run(method, check=None, probes=PROBES):
    return verdict(curved(), probes, check or Completeness(), method)


@dataclass(frozen=True)
class Told:
    """Maps that sum to 2 where the score changed by 2 − delta."""

    delta: Any = (0.0,) * 6
    error: Any = None
    name: str = "told"

    registered: ClassVar[str] = "told"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def explain(self, question, rng):
        maps = np.full((6, 5, 5, 1), 2 / 25, "float32")
        error = {} if self.error is None else {"completeness_error": list(self.error)}
        return MethodResult(maps, {"completeness_delta": list(self.delta), **error})


def test_enough_steps_pass_and_one_step_fails():
    passed = run(ks.IntegratedGradients(steps=32))
    assert passed.status == "passed"
    assert passed.value < 0.01
    assert passed.direction == "at_most"
    failed = run(ks.IntegratedGradients(steps=1))
    assert failed.status == "failed"
    assert "miss the change of the score that they distribute by" in failed.sentence


def test_of_a_cube_the_midpoint_of_one_step_misses_a_quarter():
    """∫ 3t² dt = 1; the middle of one step has 3/4, for every pixel alike."""
    found = run(ks.IntegratedGradients(steps=1))
    assert found.details["worst probe"] == pytest.approx(0.25, rel=1e-3)


def test_each_probe_is_held_against_its_own_change_and_the_median_is_judged():
    found = run(Told(delta=(0.02, 0.1, -0.2, 0.04, 0.2, -0.4)))
    errors = [0.02 / 1.98, 0.1 / 1.9, 0.2 / 2.2, 0.04 / 1.96, 0.2 / 1.8, 0.4 / 2.4]
    np.testing.assert_allclose(found.per_probe["error"], errors, rtol=1e-5)
    assert found.value == pytest.approx(np.median(errors), rel=1e-5)
    assert found.status == "failed"


def test_one_probe_that_misses_by_much_is_a_warning():
    method = Told(delta=(-1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    found = run(method)
    assert found.status == "warned"
    assert found.sentence.startswith("The maps of some probes miss the change of the score by 0.0%")
    assert list(found.pictures) == ["worst_probe"]
    assert run(method, Completeness(worst=0.4)).status == "passed"


def test_a_change_of_nearly_zero_counts_as_a_thousandth_of_the_map():
    found = run(Told(delta=(2.0, 0.0, 0.0, 0.0, 0.0, 0.0)))  # the first score did not change at all
    np.testing.assert_allclose(found.per_probe["error"][0], 2 / (0.001 * 2), rtol=1e-3)
    assert np.isfinite(found.value)


def test_the_limit_changes_the_verdict():
    method = Told(delta=(0.1,) * 6)
    assert run(method, Completeness(limit=0.06)).status == "passed"
    assert run(method, Completeness(limit=0.04)).status == "failed"


def test_what_is_not_finite_does_not_pass():
    assert run(Told(delta=(np.nan, 0.0, 0.0, 0.0, 0.0, 0.0))).status == "failed"


def test_no_change_anywhere_is_no_promise_kept_or_broken():
    assert run(Told(delta=(2.0,) * 6)).status == "failed"


@pytest.mark.parametrize("method", ["gradient", "input_x_gradient", "smoothgrad"])
def test_methods_that_promise_nothing_cannot_be_judged(method):
    found = run(method)
    assert found.status == "errored"
    assert found.sentence.startswith(f"Maps of {method} do not promise to sum to a change of the score")


def test_every_field_of_a_verdict():
    error = (0.01, 0.04, 0.05, 0.06, 0.25, 0.0)
    subject = Subject.of(curved(), PROBES, Told(error=error))
    shown = "(median probe; the worst one by 25.0%): take more gradients."
    for check, status, sentence in (
        (Completeness(), "warned", f"The maps of some probes miss the change of the score by 4.5% {shown}"),
        (
            Completeness(limit=0.045, worst=0.25),
            "passed",
            "The maps sum to the change of the score to within 4.5% (the worst probe: 25.0%).",
        ),
        (
            Completeness(limit=0.04),
            "failed",
            f"The maps miss the change of the score that they distribute by 4.5% {shown}",
        ),
    ):
        (found,) = run_checks((Chosen(check, False),), subject)
        assert (found.name, found.status, found.sentence) == ("completeness", status, sentence)
        assert (found.value, found.limit, found.direction) == (pytest.approx(0.045), check.limit, "at_most")
        assert {name: tuple(values) for name, values in found.per_probe.items()} == {"error": error}
        assert found.details == {"worst probe": 0.25}
        assert list(found.pictures) == (["worst_probe"] if status == "warned" else [])
        if status == "warned":
            worst = probe_and_maps(subject, 4, subject.explanation.heatmaps("signed")[4])
            np.testing.assert_array_equal(found.pictures["worst_probe"], worst)
