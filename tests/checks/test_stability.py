import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import Chosen
from keras_saliency.checks.shared.exhibits import probe_and_maps
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.checks.stability import Stability
from tests.verdicts import verdict

IMAGES = np.random.default_rng(0).random((5, 6, 7, 1)).astype("float32")
PROBES = ks.ProbeSet(IMAGES)


def waves(frequency):
    """f(x) = Σ sin(frequency · x): its gradient turns around within π / frequency."""
    return keras.Sequential(
        [
            keras.Input((6, 7, 1)),
            layers.Flatten(),
            layers.Lambda(lambda x: ops.sum(ops.sin(frequency * x), axis=1, keepdims=True)),
        ]
    )


def run(model, check=None, method="gradient", probes=PROBES):
    return verdict(model, probes, check or Stability(), method)


def test_smooth_scores_pass():
    found = run(waves(1.0))
    assert found.status == "passed"
    assert 0 < found.value < 0.05
    assert dict(found.pictures) == {}
    assert found.sentence.endswith("when images change by 2% of their range.")


def test_maps_that_turn_around_within_the_radius_fail():
    found = run(waves(500.0))
    assert found.status == "failed"
    assert found.value > 1
    assert "; up to 75% is usual." in found.sentence
    assert list(found.pictures) == ["worst_probe"]


def test_between_the_limit_and_the_map_itself_is_a_warning():
    found = run(waves(70.0))
    assert 0.75 < found.value < 1.0
    assert found.status == "warned"
    assert run(waves(70.0), Stability(limit=0.99)).status == "passed"


def test_against_the_second_derivative():
    """A small step e changes the gradient k cos(kx) by −k² sin(kx) e."""
    k, radius = 2.0, 1e-3
    found = run(waves(k), Stability(radius=radius, samples=40)).per_probe["sensitivity"]
    reach = radius * np.ptp(IMAGES.reshape(5, -1), axis=1)
    flat = IMAGES.reshape(5, -1)
    slope = np.linalg.norm(k * np.sin(k * flat), axis=1) / np.linalg.norm(np.cos(k * flat), axis=1)
    # Uniform noise has a standard deviation of reach / √3; the largest of 40 lies above the mean.
    ratio = found / (slope * reach / np.sqrt(3))
    assert (ratio > 1).all()
    assert (ratio < 1.5).all()


def test_options_change_the_result():
    plain = run(waves(3.0)).value
    assert run(waves(3.0), Stability(radius=0.05)).value > plain
    assert run(waves(3.0), Stability(samples=3)).value <= plain


@pytest.fixture(scope="module")
def model():
    return waves(1.0)


@pytest.fixture
def judged(model, fake_method):
    """A function: how much the map of each probe grows once its image is another, and a check → subject and result."""

    def run(growth, **settings):
        def make(images, rng):
            others = (images != IMAGES).any((1, 2, 3))
            return (1 + np.array(growth) * others)[:, None, None, None] * (1 + IMAGES)

        subject = Subject.of(model, PROBES, fake_method(make))
        return subject, run_checks((Chosen(Stability(samples=2, **settings), True),), subject)[0]

    return run


GROWTH = [0.25, 0.5, 0.8, 2.5, 0.9]


def test_every_field_of_a_verdict(judged):
    subject, found = judged(GROWTH)
    assert (found.name, found.status, found.limit, found.direction) == (
        "stability",
        "warned",
        0.75,
        "at_most",
    )
    assert found.value == pytest.approx(0.8)
    assert found.sentence == (
        "Maps change by 80% of their strength when images change by 2% of their range; up to 75% is usual."
    )
    assert list(found.per_probe) == ["sensitivity"]
    np.testing.assert_allclose(found.per_probe["sensitivity"], GROWTH, rtol=1e-5)
    assert found.details == {"worst probe": pytest.approx(2.5)}
    assert list(found.pictures) == ["worst_probe"]
    np.testing.assert_array_equal(
        found.pictures["worst_probe"],
        probe_and_maps(subject, 3, subject.explanation.heatmaps("signed")[3]),
    )
    _, exact = judged(GROWTH, limit=found.value, radius=0.5)
    assert (exact.status, dict(exact.pictures)) == ("passed", {})
    assert exact.sentence == "Maps change by 80% of their strength when images change by 50% of their range."


@pytest.mark.parametrize(
    ("growth", "limit", "status"),
    [
        (0.99, 0.75, "warned"),
        (1.01, 0.75, "failed"),
        (1.9, 0.75, "failed"),
        (1.3, 1.4, "passed"),
        (1.5, 1.4, "failed"),
    ],
)
def test_from_one_on_maps_fail_unless_the_limit_is_higher(judged, growth, limit, status):
    _, found = judged([growth] * 5, limit=limit)
    assert found.status == status


def test_a_map_that_grows_by_itself_exactly_fails(judged):
    _, found = judged([1.0] * 5)
    assert (found.value, found.status) == (1.0, "failed")


def test_averaging_steadies_a_map():
    """Noise of a wave's length takes its gradient out of the map, and leaves that of the slope below it."""
    shaky = keras.Sequential(
        [
            keras.Input((6, 7, 1)),
            layers.Flatten(),
            layers.Lambda(lambda x: ops.sum(x + ops.sin(60.0 * x) / 60.0, axis=1, keepdims=True)),
        ]
    )
    assert run(shaky, method=ks.SmoothGrad(samples=32, noise=0.1)).value < run(shaky).value / 2


def test_maps_that_ignore_the_image_have_zero():
    keras.utils.set_random_seed(0)
    linear = keras.Sequential([keras.Input((6, 7, 1)), layers.Flatten(), layers.Dense(1)])
    assert run(linear).value == 0.0


def test_the_evaluations_are_as_documented():
    assert run(waves(1.0), Stability(samples=4)).evaluations == (1 + 4) * 5


def test_zero_maps_and_constant_images_are_not_judged():
    flat = ks.ProbeSet(np.ones((3, 6, 7, 1), "float32"))
    found = run(waves(1.0), probes=flat)
    assert found.status == "errored"
    assert found.sentence.startswith("All maps are zero or not finite, or all images constant")


def test_vectors_cannot_be_judged():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    found = run(model, probes=ks.ProbeSet(np.ones((5, 4), "float32")))
    assert found.status == "errored"
    assert found.sentence.startswith("None of the inputs is an image that could be moved.")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"radius": 0}, "Expected radius to be a number above 0"),
        ({"samples": 0}, "Expected samples to be a whole number of at least 1"),
    ],
)
def test_options_out_of_range_are_refused(options, wanted):
    with pytest.raises(ValueError, match=wanted):
        Stability(**options)
