"""A gradient against what the score really does: rectifiers raise no alarm, and what is no gradient is found."""

import re

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from benchmarks.finite_difference import Claimed
from keras_saliency.checks.finite_difference import FiniteDifference
from tests.verdicts import verdict

PROBES = ks.ProbeSet(np.random.default_rng(0).random((6, 8, 8, 1)).astype("float32"))

pytestmark = pytest.mark.backend


def run(model, method="gradient", check="finite_difference"):
    return verdict(model, PROBES, check, method)


def rectified(seed):
    """Bends at every step: three layers of ReLUs with the weights that they begin with."""
    keras.utils.set_random_seed(seed)
    relus = [
        layers.Conv2D(12, 3, activation="relu"),
        layers.Conv2D(12, 3, activation="relu"),
        layers.Flatten(),
    ]
    return keras.Sequential(
        [keras.Input((8, 8, 1)), *relus, layers.Dense(24, activation="relu"), layers.Dense(3)]
    )


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.repeats)])
def test_bends_are_no_false_alarm_and_what_is_no_gradient_is_found(seed):
    model = rectified(seed)
    right = run(model, Claimed())
    assert right.status == "passed"
    assert right.value < 0.01
    assert right.details["gradient reach"] > 1 / 255
    assert re.search(r"holds over steps of \d+\.\d% of the range of the image\.$", right.sentence)
    for factor, error in ((-1.0, 2), (2.0, 0.5), (0.5, 0.5), (1.2, 1 / 6)):
        wrong = run(model, Claimed(factor))
        assert wrong.status == "failed"
        assert error - 0.06 < wrong.value <= error + 1e-3  # less two standard errors
    guided = run(model, Claimed(rule="guided"))
    assert guided.status == "failed"
    assert guided.value > 0.3


class Wavy(keras.layers.Layer):
    """x, and a ripple that is too short to be seen, and three times as steep."""

    def call(self, inputs):
        return inputs + 3 * keras.ops.sin(4000 * inputs) / 4000


def test_a_gradient_that_holds_only_at_its_point_is_right_and_told_to_be_averaged():
    model = keras.Sequential([keras.Input((8, 8, 1)), Wavy(), layers.Flatten(), layers.Dense(3)])
    found = run(model)
    assert found.status == "passed"
    assert found.details["gradient reach"] < 1 / 255
    assert "less than one grey level" in found.sentence
    assert "averaged maps (smoothgrad, integrated_gradients) are the ones to read" in found.sentence


def test_a_score_that_hardly_changes_is_not_judged():
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    weights, _ = model.get_weights()
    model.set_weights([1e-7 * weights, np.full(3, 100.0)])
    found = run(model)
    assert found.status == "errored"  # it was asked for
    assert "the score hardly changes along them" in found.sentence


def test_as_many_probes_are_moved_as_are_asked_for():
    found = run(rectified(0), Claimed(), FiniteDifference(probes=2))
    assert np.isfinite(found.per_probe["error"]).sum() == 2
    assert np.isfinite(found.per_probe["gradient_reach"]).sum() == 2
