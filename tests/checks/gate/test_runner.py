"""`check` as a whole: what it costs, what it tells, and what one broken check does to the others."""

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.reports.result import CheckResult

PROBES = ks.ProbeSet(np.random.default_rng(0).random((4, 6, 6, 1)).astype("float32"), [0, 1, 2, 0])


@dataclass(frozen=True)
class Broken:
    name: str = "broken"
    registered: ClassVar[str] = "broken"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        raise RuntimeError("broken on purpose")


@dataclass(frozen=True)
class Says:
    status: str
    name: str = "says"
    registered: ClassVar[str] = "says"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        return CheckResult(self.name, self.status, f"It {self.status}.")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(8, "tanh"), layers.Dense(3, "softmax")],
        name="net",
    )


def test_an_exception_is_one_checks_result_and_the_others_go_on(model):
    report = ks.check(model, PROBES, [Broken(), "finite"])
    assert [result.status for result in report.results] == ["errored", "passed"]
    assert report.results[0].sentence == "RuntimeError: broken on purpose"
    assert not report.passed


@pytest.mark.parametrize(
    ("status", "fail_on", "passed"),
    [
        ("passed", "failed", True),
        ("warned", "failed", True),
        ("warned", "warned", False),
        ("failed", "failed", False),
        ("errored", "failed", False),
        ("skipped", "failed", False),
    ],
)
def test_what_passes(model, status, fail_on, passed):
    report = ks.check(model, PROBES, Says(status), fail_on=fail_on)
    assert report.passed is passed
    if passed:
        report.raise_for_failures()
    else:
        with pytest.raises(ks.ChecksFailedError, match=f"(?s)net: 4 probes.*says .*It {status}"):
            report.raise_for_failures()


def test_a_report_tells_what_was_asked(model):
    report = ks.check(model, PROBES, "structure", method=ks.SmoothGrad(samples=4), seed=5)
    assert (report.model, report.method, report.probes, report.seed) == ("net", "smoothgrad", 4, 5)
    assert report.fingerprint == PROBES.fingerprint
    assert set(report.versions) == {"keras_saliency", "keras", keras.backend.backend(), "numpy"}
    assert sum(report.counts.values()) == 7
    assert report.evaluations == sum(result.evaluations for result in report.results)
    assert 0 < sum(result.seconds for result in report.results) <= report.seconds
    assert "finite" in str(report)


def test_maps_are_made_once_for_all_checks(model):
    alone = ks.check(model, PROBES, "finite").evaluations
    assert alone == 4
    assert ks.check(model, PROBES, ["finite", "nonzero"]).evaluations == alone


def test_the_same_seed_gives_the_same_numbers(model):
    first, second = (ks.check(model, PROBES, "quick", seed=3) for _ in range(2))
    assert [(r.name, r.status, r.value) for r in first.results] == [
        (r.name, r.status, r.value) for r in second.results
    ]


def test_progress_is_told_before_and_after(model):
    told = []
    ks.check(
        model, PROBES, ["finite", "nonzero"], progress=lambda check, result: told.append((check.name, result))
    )
    assert [(name, result is None) for name, result in told] == [
        ("finite", True),
        ("finite", False),
        ("nonzero", True),
        ("nonzero", False),
    ]


def test_wrong_arguments_are_refused(model):
    with pytest.raises(TypeError, match="Expected images of numbers. Received: dtype=object from object"):
        ks.check(model, object())
    with pytest.raises(ValueError, match="Expected fail_on to be .*Received: fail_on='never'"):
        ks.check(model, PROBES, fail_on="never")
    with pytest.raises(ValueError, match="No check 'finit'"):
        ks.check(model, PROBES, "finit")
