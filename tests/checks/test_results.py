"""Every field of what the small checks find, on maps and scores that are given."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import beta

import keras_saliency as ks
from keras_saliency.checks.base import judged, skipped
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.checks.target_dependence import rival_classes
from keras_saliency.methods import MethodResult
from keras_saliency.reports.result import CheckResult

NAN, INF = float("nan"), float("inf")


@dataclass(frozen=True)
class Shown:
    """The maps that a function of the question makes, `(n, 4)`."""

    make: Any
    has_sign: bool = True
    uses_target: bool = True
    name: str = "shown"

    registered: ClassVar[str] = "shown"
    cost: ClassVar[str] = "nothing"
    is_gradient: ClassVar[bool] = False

    def explain(self, question, rng):
        return MethodResult(np.asarray(self.make(question), "float32").reshape(-1, 2, 2, 1))


@pytest.fixture(scope="module")
def models():
    """`models[k]`: a linear model of four pixels with k scores; the first pixel is that of class 0, and so on."""

    def made(count):
        model = keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(), layers.Dense(count)])
        model.set_weights([np.eye(4, count), np.zeros(count)])
        return model

    return {count: made(count) for count in (1, 2, 3)}


def subject_of(model, method, *, labels=None, count=4, **options):
    """Of images that are each another one, the largest pixel of image i is pixel i modulo the number of classes."""
    classes = model.output_shape[-1]
    images = np.eye(4)[np.arange(count) % classes] * (1 + np.arange(count))[:, None]
    probes = ks.ProbeSet(images.reshape(-1, 2, 2, 1).astype("float32"), labels)
    return Subject.of(model, probes, method, **options)


def given(model, maps, scores=None, **options):
    """A subject with these maps and scores, whatever the model says."""
    maps = np.asarray(maps, "float32").reshape(-1, 2, 2, 1)
    subject = subject_of(model, Shown(lambda question: maps), count=len(maps), **options)
    made = subject.explanation
    values = made.scores if scores is None else np.asarray(scores, "float32")
    made = replace(made, maps=maps, model_scores=replace(made.model_scores, values=values))
    return Subject(subject.question, subject.probes, subject.method, explanation=made)


def result_of(check, subject):
    """What a run tells of a check that was asked for, without its costs."""
    (found,) = run_checks((Chosen(check, True),), subject)
    return replace(found, evaluations=0, seconds=0.0)


def assert_found(found, *expected, per_probe, details=None, about="maps"):
    """Name, status, sentence, value, limit and direction; and whatever else a result has."""
    name, status, sentence, value, limit, direction = expected
    assert (found.name, found.status, found.sentence, found.direction) == (name, status, sentence, direction)
    assert (found.value, found.limit) == pytest.approx((value, limit), abs=1e-9)
    assert list(found.per_probe) == list(per_probe)
    for key, values in per_probe.items():
        np.testing.assert_allclose(found.per_probe[key], values, atol=1e-7)
        assert found.per_probe[key].dtype == "float64"
    assert dict(found.details) == pytest.approx(details or {}, abs=1e-9)
    assert dict(found.pictures) == {}
    assert (found.about, found.counts) == (about, True)


VARIED = [1, -2, 3, 0]


def test_finite(models):
    check = ks.Finite()
    maps = [VARIED, [1, NAN, 0, 0], [0, 0, 0, -INF], VARIED]
    assert_found(
        result_of(check, given(models[2], maps, [1, 2, 3, INF])),
        "finite",
        "failed",
        "3 of 4 probes have a score or a map that is not finite: NaN or infinite.",
        0.25,
        1.0,
        "at_least",
        per_probe={"finite": [1.0, 0.0, 0.0, 0.0]},
        about="model",
    )
    assert_found(
        result_of(check, given(models[2], [VARIED, VARIED])),
        *("finite", "passed", "All maps and scores are finite.", 1.0, 1.0, "at_least"),
        per_probe={"finite": [1.0, 1.0]},
        about="model",
    )
    assert (ks.Finite.registered, ks.Finite.cheap) == ("finite", True)


def test_nonzero(models):
    one = result_of(ks.Nonzero(), given(models[2], [VARIED, [2, 2, 2, 2], VARIED]))
    assert one.sentence == "0 of 3 maps are zero everywhere and 1 are another constant."
    maps = [[0, 0, 0, 0], [2, 2, 2, 2], [0, 0, 0, 0], [1, 1, 1, 0], [NAN, NAN, NAN, NAN], VARIED]
    sentence = "2 of 6 maps are zero everywhere and 1 are another constant."
    found = {"varies": [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]}
    subject = given(models[2], maps)
    assert_found(
        result_of(ks.Nonzero(), subject),
        *("nonzero", "warned", sentence, 0.5, 0.5, "at_least"),
        per_probe=found,
    )
    assert_found(
        result_of(ks.Nonzero(limit=0.6), subject),
        *("nonzero", "failed", sentence, 0.5, 0.6, "at_least"),
        per_probe=found,
    )
    assert_found(
        result_of(ks.Nonzero(), given(models[2], [VARIED])),
        *("nonzero", "passed", "Every map varies.", 1.0, 0.5, "at_least"),
        per_probe={"varies": [1.0]},
    )


@pytest.mark.parametrize(
    ("again", "difference"),
    [
        (VARIED, 0.0),
        ([1, -2, 2.25, 0], 0.25),  # of a map whose largest value is 3
        ([1, -2, 3.0, 0.75], 0.25),
    ],
)
def test_repeatability(models, again, difference):
    maps = [VARIED, [0.1, 0.3, 0, 0], [0, 0, 0, 0], [NAN, INF, -INF, 1], [3e38, 0, 0, 0]]
    second = [again, [0.1, 0.3, 0.06, 0], [0, 0, 0, 0.125], [NAN, INF, -INF, 1], [-3e38, 0, 0, 0]]
    subject = given(models[2], maps)
    subject = Subject(
        subject.question, subject.probes, Shown(lambda q: second), explanation=subject.explanation
    )
    sentence = "The same look twice gives maps that differ by up to 200.0% of their largest value."
    found = result_of(ks.Repeatability(), subject)
    assert_found(
        found,
        *("repeatability", "failed", sentence, 2.0, 0.001, "at_most"),
        per_probe={"difference": [difference, np.float32(0.06) / np.float32(0.3), 0.125, 0.0, 2.0]},
    )
    exact = result_of(ks.Repeatability(limit=found.value), subject)
    assert (exact.status, exact.sentence) == ("passed", "The same look twice gives the same maps.")


def test_what_is_a_number_once_is_no_repetition(models):
    subject = given(models[2], [[NAN, 1, 0, 0]])
    subject = Subject(
        subject.question, subject.probes, Shown(lambda q: VARIED), explanation=subject.explanation
    )
    assert result_of(ks.Repeatability(), subject).status == "failed"


RANKED = np.array([[4, 3, 2, 1], [1, 2, 3, 4], [4, 3, 1, 2]])
"""Maps whose rank correlations are −1 (0 and 1), 0.8 (0 and 2) and −0.8 (1 and 2)."""
ALIKE = {(0, 1): -1.0, (0, 2): 0.8, (1, 2): -0.8}


def of_class(question):
    return RANKED[question.scores.target_classes]


def test_random_logit(models):
    own = np.arange(24) % 3
    subject = subject_of(models[3], Shown(of_class), labels=own, count=24, seed=1)
    found = result_of(ks.RandomLogit(), subject)
    correlations = found.per_probe["correlation"]
    drawn = [
        next(
            other
            for other in range(3)
            if other != one and np.isclose(ALIKE[tuple(sorted((one, other)))], value)
        )
        for one, value in zip(own, correlations, strict=True)
    ]
    assert {(one, other) for one, other in zip(own, drawn, strict=True)} == {
        (one, other) for one in range(3) for other in range(3) if one != other
    }
    value = float(np.median(correlations))
    sentence = f"Maps for a class drawn at random keep a rank correlation of {value:.2f} with those for the own class"
    assert_found(
        found,
        *("random_logit", "passed", f"{sentence}: they tell classes apart.", value, 0.5, "at_most"),
        per_probe={"correlation": correlations.tolist()},
    )
    assert result_of(ks.RandomLogit(limit=value), subject).sentence == found.sentence
    strict = result_of(ks.RandomLogit(limit=-0.95), subject)
    assert (strict.status, strict.sentence) == ("failed", f"{sentence}: they hardly tell classes apart.")


def test_of_two_classes_the_other_is_drawn(models):
    found = result_of(ks.RandomLogit(), subject_of(models[2], Shown(of_class)))
    assert found.per_probe["correlation"].tolist() == pytest.approx([-1] * 4)


def test_target_dependence(models):
    labels = [0, 1, 2, 0]  # image 3 has its largest pixel at 0: class 1 is the strongest rival of 0
    subject = subject_of(models[3], Shown(of_class), labels=labels)
    found = result_of(ks.TargetDependence(), subject)
    table = subject.predictions().table
    rivals = rival_classes(table, np.array(labels))
    expected = [ALIKE[tuple(sorted(pair))] for pair in zip(labels, rivals.tolist(), strict=True)]
    value = float(np.median(expected))
    assert_found(
        found,
        "target_dependence",
        "passed",
        f"Maps change with the class that they are made for (rank correlation {value:.2f}).",
        value,
        0.9999,
        "at_most",
        per_probe={"correlation": expected},
    )
    assert result_of(ks.TargetDependence(limit=found.value), subject).status == "passed"
    strict = result_of(
        ks.TargetDependence(limit=-1), subject_of(models[3], Shown(lambda q: RANKED[[0, 0, 0, 0]]))
    )
    assert (strict.status, strict.sentence) == (
        "failed",
        "Maps are the same whichever class they are made for.",
    )
    two = result_of(ks.TargetDependence(), subject_of(models[2], Shown(of_class)))
    assert two.value == pytest.approx(-1)


def test_the_rival_is_the_highest_score_beside_the_own():
    table = np.array([[3, 2, 1], [3, 2, 1], [1, 2, 2.5]], "float16")
    assert rival_classes(table, np.array([0, 1, 0])).tolist() == [1, 0, 2]
    assert table[0, 0] == 3


@pytest.mark.parametrize("check", [ks.RandomLogit(), ks.TargetDependence()], ids=lambda check: check.name)
def test_where_no_other_class_can_be_asked_about(models, check):
    unsigned = (
        "Maps without a sign" if check.name == "random_logit" else "Without a sign, the maps of two classes"
    )
    for count, method, options, sentence in (
        (2, Shown(of_class, uses_target=False), {}, "Maps of shown do not depend on a target by definition."),
        (2, Shown(of_class, has_sign=False), {}, unsigned),
        (
            2,
            Shown(lambda q: [VARIED] * 4),
            {"target": lambda y: y[:, 0]},
            "The explained score is not that of a class",
        ),
        (1, Shown(lambda q: [VARIED] * 4), {"target": 0}, "The explained score is not that of a class"),
        (2, Shown(lambda q: np.ones((4, 4))), {}, "All maps are constant, so they have no rank correlation."),
    ):
        found = result_of(check, subject_of(models[count], method, **options))
        assert found.status == "errored"
        assert found.sentence.startswith(sentence.rstrip("."))


def test_without_a_sign_three_classes_still_have_maps_of_their_own(models):
    found = result_of(ks.TargetDependence(), subject_of(models[3], Shown(of_class, has_sign=False)))
    assert found.status == "passed"


FIVE = np.array([[4, 3, 2, 1], [1, 2, 3, 4], [4, 3, 1, 2], [2, 1, 4, 3], [3, 1, 2, 4]])
BESIDE = [np.corrcoef(FIVE[i], FIVE[i - 1])[0, 1] for i in range(5)]


def of_image(question):
    """The map of each image, told by its brightness, 1 to 5."""
    return FIVE[np.rint(np.asarray(question.inputs).max((1, 2, 3))).astype(int) - 1]


def test_input_dependence(models):
    details = {"correlation with the map of another image": np.median(BESIDE)}
    subject = subject_of(models[3], Shown(of_image), count=5)
    found = result_of(ks.InputDependence(), subject)
    assert_found(
        found,
        "input_dependence",
        "passed",
        "Maps follow their images when these change places (rank correlation 1.00).",
        *(1.0, 0.5, "at_least"),
        per_probe={"correlation": [1.0] * 5},
        details=details,
    )
    assert result_of(ks.InputDependence(limit=min(found.value, 1.0)), subject).status == "passed"
    # What stays at its place is compared with the map of the image before.
    stays = result_of(ks.InputDependence(), subject_of(models[3], Shown(lambda q: FIVE), count=5))
    moved = [BESIDE[(i + 1) % 5] for i in range(5)]
    value = float(np.median(moved))
    assert_found(
        stays,
        "input_dependence",
        "failed",
        f"Maps do not follow their images when these change places (rank correlation {value:.2f}): "
        "they do not come from the images.",
        *(value, 0.5, "at_least"),
        per_probe={"correlation": moved},
        details=details,
    )
    exact = result_of(
        ks.InputDependence(limit=stays.value), subject_of(models[3], Shown(lambda q: FIVE), count=5)
    )
    assert (exact.status, exact.sentence[:18]) == ("passed", "Maps follow their ")


def test_the_same_map_for_all_images(models):
    same = result_of(ks.InputDependence(), subject_of(models[2], Shown(lambda q: [VARIED] * 2), count=2))
    assert_found(
        same,
        "input_dependence",
        "warned",
        "The maps of all images are the same, as for a linear model: they say nothing about one.",
        *(1.0, 0.5, "at_least"),
        per_probe={"correlation": [1.0, 1.0]},
        details={"correlation with the map of another image": 1.0},
    )
    assert (
        result_of(
            ks.InputDependence(limit=same.value),
            subject_of(models[2], Shown(lambda q: [VARIED] * 2), count=2),
        ).status
        == "warned"
    )
    # The same for all at first, and others when they are moved: no linear model.
    subject = given(models[2], [VARIED] * 2)
    other = Subject(
        subject.question,
        subject.probes,
        Shown(lambda q: -np.array([VARIED] * 2)),
        explanation=subject.explanation,
    )
    assert result_of(ks.InputDependence(), other).status == "failed"
    constant = result_of(
        ks.InputDependence(), subject_of(models[2], Shown(lambda q: np.ones((2, 4))), count=2)
    )
    assert (constant.status, constant.sentence) == (
        "failed",
        "No map has a rank correlation with itself: all are constant.",
    )


def test_accuracy(models):
    subject = given(models[3], [VARIED] * 4, labels=[0, 1, 2, 2])
    assert_found(
        result_of(ks.Accuracy(0.75), subject),
        "accuracy",
        "passed",
        "3 of 4 probes are predicted as labelled (75%; at least 75% are asked for).",
        *(0.75, 0.75, "at_least"),
        per_probe={"correct": [1.0, 1.0, 1.0, 0.0]},
        details={"upper bound (95 %)": beta.ppf(0.95, 4, 1)},
        about="model",
    )
    assert result_of(ks.Accuracy(0.76), subject).status == "failed"
    none = result_of(
        ks.Accuracy(0.5),
        subject_of(models[1], Shown(lambda q: [VARIED] * 4), labels=[0, 0, 0, 0], target=lambda y: y[:, 0]),
    )
    assert (none.status, none.sentence[:29]) == ("errored", "The model predicts no class. ")


def test_a_result_has_what_it_is_given():
    check = ks.Finite(name="mine")
    found = judged(check, np.float32(0.5), 1, "at_most", "So.", otherwise="warned")
    assert found == CheckResult("mine", "passed", "So.", 0.5, 1.0, "at_most", {}, {}, {})
    assert (type(found.value), type(found.limit)) == (float, float)
    rows, picture = {"a": np.ones(2)}, {"b": np.zeros((1, 1, 3), "uint8")}
    full = judged(check, 2, 1, "at_most", "No.", per_probe=rows, pictures=picture, details={"c": 1})
    assert full.status == "failed"
    assert (full.per_probe, full.pictures, full.details) == (rows, picture, {"c": 1})
    assert judged(check, 2, 1, "at_most", "No.", otherwise="warned").status == "warned"
    assert skipped(check, "Why.") == CheckResult("mine", "skipped", "Why.")
