"""`check` as a whole: what it costs, what it tells, and what one broken check does to the others."""

from dataclasses import dataclass
from inspect import signature
from typing import ClassVar

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.errors import CheckDoesNotApplyError
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


@dataclass(frozen=True)
class Asks:
    """Notes the subject that it was given."""

    seen: list
    name: str = "asks"
    registered: ClassVar[str] = "asks"
    cheap: ClassVar[bool] = True
    about: ClassVar[str] = "maps"

    def run(self, subject):
        self.seen.append(subject)
        subject.question.about(subject.question.target).scores  # noqa: B018
        return CheckResult(self.name, "passed", "So.", evaluations=99, about="model", counts=False)


def test_what_is_asked_for_reaches_the_subject(model):
    inputs = keras.Input((6, 6, 1))
    heads = {name: layers.Dense(3, "softmax", name=name)(layers.Flatten()(inputs)) for name in ("one", "two")}
    twins = keras.Model(inputs, heads, name="twins")
    seen, told = [], []
    report = ks.check(
        twins,
        PROBES,
        Asks(seen),
        method="input_x_gradient",
        target=1,
        output="two",
        logits="output",
        seed=3,
        fail_on="any",
        progress=lambda check, result: told.append(result),
    )
    (subject,), scores = seen, seen[0].explanation
    assert (subject.seed, subject.method.name, subject.probes) == (3, "input_x_gradient", PROBES)
    np.testing.assert_allclose(scores.scores, twins.predict(PROBES.images, verbose=0)["two"][:, 1], rtol=1e-5)
    assert scores.score_kind == "output"
    assert (report.fail_on, report.seed, report.model, report.advice) == ("any", 3, "twins", "")
    (result,) = report.results
    assert told == [None, result]
    assert (result.evaluations, result.about, result.counts) == (4, "maps", True)
    assert 0 < result.seconds <= report.seconds < 60
    with pytest.raises(ValueError, match="chunk_size=0"):
        ks.check(twins, PROBES, Asks(seen), output="one", chunk_size=0)
    with pytest.raises(ValueError, match=r"Expected seed to be a whole number of at least 0.* seed=-1"):
        ks.check(twins, PROBES, Asks(seen), output="one", seed=-1)


def test_what_nobody_asks_for(model):
    by_default = {name: one.default for name, one in signature(ks.check).parameters.items()}
    assert (by_default["checks"], by_default["method"], by_default["fail_on"]) == (
        "quick",
        "gradient",
        "failed",
    )
    seen = []
    report = ks.check(model, PROBES, Asks(seen))
    assert (seen[0].seed, seen[0].method.name, report.seed, report.fail_on) == (0, "gradient", 0, "failed")
    assert seen[0].explanation.score_kind == "logit"


@dataclass(frozen=True)
class Missing:
    """Does not apply."""

    instead: CheckResult | None = None
    name: str = "missing"
    registered: ClassVar[str] = "missing"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        raise CheckDoesNotApplyError("There is nothing.", self.instead)


UNANSWERED = "It was asked for: give what it needs, or leave it out."


@pytest.mark.parametrize("before_training", [False, True])
def test_what_a_suite_brings_and_what_is_asked_for(model, before_training):
    subject = Subject.of(model, PROBES)

    def told(check, asked):
        (result,) = run_checks((Chosen(check, asked),), subject, before_training=before_training)
        return result.name, result.status, result.sentence

    assert told(Missing(), False) == ("missing", "skipped", "There is nothing.")
    warned = CheckResult("missing", "warned", "Look here.")
    assert told(Missing(warned), False) == ("missing", "warned", "Look here.")
    assert told(Broken(), False) == ("broken", "errored", "RuntimeError: broken on purpose")
    assert told(Says("skipped"), False) == ("says", "skipped", "It skipped.")
    assert told(Says("failed"), True) == ("says", "failed", "It failed.")
    if before_training:
        assert told(Says("skipped"), True) == ("says", "skipped", "It skipped.")
        for check, why in (
            (Missing(warned), f"There is nothing. {UNANSWERED}"),
            (Broken(), "RuntimeError: broken on purpose"),
        ):
            with pytest.raises(CheckDoesNotApplyError) as error:
                told(check, True)
            assert str(error.value) == f"The check {check.name} cannot be made: {why}"
    else:
        assert told(Says("skipped"), True) == ("says", "errored", f"It skipped. {UNANSWERED}")
        assert told(Missing(warned), True) == ("missing", "errored", f"There is nothing. {UNANSWERED}")
        assert told(Broken(), True) == ("broken", "errored", "RuntimeError: broken on purpose")
