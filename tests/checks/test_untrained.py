"""Whether a model is better than re-initialisations whose scores are known: their initializer is the identity."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.subject import Subject
from tests.verdicts import verdict

EYE = np.eye(9, dtype="float32").reshape(9, 3, 3, 1)


def network(weights, gain=2.0):
    """A network with these weights whose re-initialisations have `gain` × the identity."""
    initializer = keras.initializers.Identity(gain=gain)
    model = keras.Sequential(
        [keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(9, kernel_initializer=initializer)]
    )
    model.set_weights([weights, np.zeros(9)])
    return model


def run(model, labels=None, **options):
    return verdict(model, ks.ProbeSet(EYE, labels), ks.Untrained(**options))


@pytest.mark.backend
@pytest.mark.parametrize(("margin", "status"), [(2.5, "passed"), (2.0, "warned"), (1.5, "warned")])
def test_the_margin_must_lie_above_that_of_all_re_initialisations(margin, status):
    found = run(network(margin * np.eye(9) + 1), initialisations=3)  # 1 more for all classes is no margin
    assert (found.status, found.direction) == (status, "at_least")
    assert (found.value, found.limit) == (pytest.approx(margin), 2)
    assert found.details == {"margin": {"model": pytest.approx(margin), "re-initialised": [2, 2, 2]}}
    where = "lies above" if status == "passed" else "lies within"
    assert (
        f"mean margin between the two best scores ({margin:.3g}, at most 2) of the model {where}"
        in found.sentence
    )


@pytest.mark.backend
def test_with_labels_of_two_classes_accuracy_counts():
    # The identity has the first six right; the model is right on one probe more, and surer of none.
    labels = [0, 1, 2, 3, 4, 5, 0, 0, 0]
    better = np.eye(9)
    better[6] = better[0]
    found = run(network(better), labels, initialisations=2)
    assert found.status == "passed"
    assert (found.value, found.limit) == (pytest.approx(7 / 9), pytest.approx(6 / 9))
    assert found.details["accuracy"]["re-initialised"] == [pytest.approx(6 / 9)] * 2
    assert "accuracy on the probes (78%, at best 67%)" in found.sentence
    assert run(network(5 * np.eye(9)), labels).status == "warned"


def test_labels_of_one_class_alone_say_nothing():
    found = run(network(3 * np.eye(9)), [4] * 9)
    assert (found.status, found.value, found.limit) == ("passed", 3, 2)
    assert found.details["accuracy"] == {"model": 1 / 9, "re-initialised": [1 / 9] * 5}


def test_the_best_of_different_re_initialisations_is_the_limit():
    model = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(9)])
    found = run(model, initialisations=4)
    others = found.details["margin"]["re-initialised"]
    assert len(set(others)) == len(others) == 4
    assert found.limit == max(others)
    assert ks.Untrained().initialisations == 5
    question = Subject.of(model, ks.ProbeSet(EYE)).question
    for seed in range(4):  # whichever of them is the highest
        subject = Subject(question, ks.ProbeSet(EYE), ks.SmoothGrad(), seed=seed)
        (found,) = run_checks((Chosen(ks.Untrained(initialisations=2), True),), subject)
        assert found.limit == max(found.details["margin"]["re-initialised"])


def test_labels_of_two_classes_are_enough():
    found = run(network(2.5 * np.eye(9)), [0, 1] + [0] * 7)
    assert found.sentence.startswith("The accuracy on the probes (22%, at best 22%) of the model lies within")
    assert found.details["margin"]["model"] == pytest.approx(2.5)
    assert found.name == "untrained"


def test_one_score_has_no_margin():
    model = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(1)])
    assert run(model).status == "errored"
    two = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(2)])
    assert run(two).status in ("passed", "warned")
