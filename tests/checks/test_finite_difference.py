"""A gradient against what the score really does: rectifiers raise no alarm, and what is no gradient is found."""

import re
from functools import cache

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from benchmarks.finite_difference import Claimed
from keras_saliency.checks.finite_difference import FiniteDifference, _AlongMaps, _told
from keras_saliency.checks.shared.subject import Subject
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


def test_a_step_is_seen_from_one_grey_level_on():
    assert _told(2**-7).startswith("The gradient of a point holds over steps of 0.8% ")
    assert _told(1 / 255).startswith("The gradient of a point holds over steps of 0.4% ")
    assert _told(2**-8).startswith("But the gradient of a point holds only over steps of 0.0039 ")


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


class Bowl(keras.layers.Layer):
    """Σ x + c x² / 2: its gradient m is 1 + c x, and in the direction of m it is |m| + c t at the distance t."""

    def __init__(self, curvature):
        super().__init__()
        self.curvature = curvature

    def call(self, inputs):
        return keras.ops.sum(inputs + self.curvature * inputs**2 / 2, axis=1, keepdims=True)


@cache
def bowl(curvature):
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), Bowl(curvature)])


@pytest.mark.parametrize(
    ("factor", "curvature"), [(1.0, 2.0), (1.25, 2.0), (-1.0, 2.0), (0.5, 2.0), (1.25, 0.5)]
)
def test_the_error_by_hand(factor, curvature):
    found = run(bowl(curvature), Claimed(factor))
    images = PROBES.images.reshape(6, -1).astype("float64")
    slopes = np.linalg.norm(1 + curvature * images, axis=1)
    reach = found.per_probe["gradient_reach"]
    # Half of the change that the map foretells is |m| d / 2, and the bend adds c d² / 2; an eighth of that is tried.
    deviations = reach / 8 * np.ptp(images, axis=1) * np.sqrt(64)
    # Eight gradients a quarter of the deviation apart, so that neighbours differ by a quarter of c times it.
    spread = 2 * np.sqrt((abs(factor) * curvature * deviations / 4) ** 2 / 2 / 8)
    # Along a map that is turned around, the gradient is turned around too.
    means, score = abs(factor) * slopes, np.sign(factor) * slopes
    expected = np.maximum(np.abs(means - score) - spread, 0) / np.maximum(means, slopes)
    # A map that is far from the gradient holds over no step: then the shortest is taken that float32 tells.
    np.testing.assert_allclose(found.per_probe["error"], expected, atol=5e-5 if factor in (1, 1.25) else 1e-3)
    assert found.value == pytest.approx(np.median(expected), abs=1e-3)
    assert found.details == {"gradient reach": np.median(reach)}
    assert (found.name, found.limit, found.direction) == ("finite_difference", 0.1, "at_most")
    assert found.status == ("passed" if factor == 1 else "failed")
    if factor == 1:
        assert found.sentence == (
            "The maps agree with how the score really changes (relative error 0.0%). The gradient of a point holds "
            f"over steps of {np.median(reach):.1%} of the range of the image."
        )
    else:
        wrong = f"disagree with how the score really changes by {found.value:.0%}: they are not its gradient."
        assert found.sentence == f"The maps {wrong}"
        exact = run(bowl(curvature), Claimed(factor), FiniteDifference(limit=found.value))
        assert (exact.status, exact.sentence[:18]) == ("passed", "The maps agree wit")


def test_a_mean_that_is_too_uncertain_is_not_judged():
    subject = Subject.of(bowl(2.0), PROBES)
    moved = _AlongMaps(subject, np.arange(6), subject.rows())
    slopes = np.linalg.norm(subject.rows(), axis=1)
    # Two standard errors are an eighth of the deviation times the curvature; half of the slope is the most.
    most = 4 * slopes / 2.0 / np.ptp(moved.images, axis=1)
    factors = np.array([0.5, 0.9, 0.99, 1.01, 1.1, 2.0])
    assert np.isnan(moved.errors(factors * most)).tolist() == [False] * 3 + [True] * 3


def test_probes_without_a_slope_or_a_range_are_left_out():
    images = PROBES.images.copy()
    images[0], images[2] = -1.0, 0.25  # no gradient; nothing to compare a step with
    probes = ks.ProbeSet(images)
    found = verdict(bowl(1.0), probes, FiniteDifference(probes=3))
    assert np.isfinite(found.per_probe["error"]).tolist() == [False, True, False, True, False, False]
    assert found.status == "passed"
    whole = verdict(bowl(1.0), ks.ProbeSet(np.full_like(images, -1.0)), "finite_difference")
    assert whole.sentence.startswith("No probe could be judged: maps are zero or not finite")


def test_eight_probes_are_moved_where_nobody_says_how_many():
    images = np.random.default_rng(1).random((10, 8, 8, 1)).astype("float32")
    found = verdict(bowl(1.0), ks.ProbeSet(images), "finite_difference")
    assert np.isfinite(found.per_probe["error"]).tolist() == [True] * 8 + [False] * 2
    # As documented: 12 forward passes and 8 maps for each, besides the maps of all.
    assert found.evaluations == 10 + (12 + 8) * 8
