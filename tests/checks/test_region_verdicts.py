"""From the shares that an experiment finds to a verdict: networks with hand-made weights, maps with known heat."""

from functools import cache

import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import beta

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import Experiment
from keras_saliency.checks.region import MOST_CLASSES, Heat, candidates
from keras_saliency.checks.shared.subject import Subject
from tests.verdicts import verdict

SIDE = 6
REGION = np.zeros((SIDE, SIDE), bool)
REGION[:2, :2] = True  # a ninth of the area
BIG = np.zeros((SIDE, SIDE), bool)
BIG[:4] = True  # two thirds
CONTENT = np.ones((SIDE, SIDE))


@cache
def network(weight, classes=2):
    """A class gets its pixel in the last row; class 1 also `weight` × the mean of the region, less what is beside."""
    kernel = np.zeros((SIDE, SIDE, classes))
    kernel[:-1, :, 1] = weight * np.where(REGION, 1, -1)[:-1] / 4
    for index in range(min(classes, SIDE)):
        kernel[-1, index, index] = 1
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(classes)])
    model.set_weights([kernel.reshape(-1, classes), np.zeros(classes)])
    return model


def probes(out, put_in):
    """Probes of class 1 with content, of these strengths, and of class 0 without."""
    images = np.zeros((len(out) + len(put_in), SIDE, SIDE, 1), "float32")
    images[: len(out), -1, 1, 0] = out
    images[: len(out), REGION] = 1
    images[len(out) :, -1, 0, 0] = put_in
    labels = [1] * len(out) + [0] * len(put_in)
    return ks.ProbeSet(images, labels, regions={"corner": REGION, "big": BIG})


MOVES, STAYS = 0.5, 30.0
"""Strengths of probes that a weight of 1 moves, and does not."""


def run(found, weight=1.0, check=None, **options):
    check = check or ks.Region("corner", means=1, fill=0.0)
    return verdict(network(weight), found, check, **options)


def mixed(hits, count):
    return [MOVES] * hits + [STAYS] * (count - hits)


@pytest.mark.backend
@pytest.mark.parametrize(
    ("out", "put_in", "status"),
    [
        ((8, 8), (8, 8), "failed"),
        ((4, 8), (8, 8), "failed"),  # half of them is the limit
        ((3, 8), (8, 8), "warned"),  # one direction alone, though certain in sum
        ((8, 8), (3, 8), "warned"),
        ((3, 8), (3, 8), "passed"),
        ((10, 30), (20, 30), "warned"),  # half of all
        ((2, 2), (1, 1), "warned"),  # all of three: the lower bound is 0.22
        ((1, 1), (3, 3), "failed"),  # all of four: 0.32
    ],
)
def test_a_verdict_needs_both_directions_and_certainty(out, put_in, status):
    found = run(probes(mixed(*out), mixed(*put_in)))
    assert found.value == min(out[0] / out[1], put_in[0] / put_in[1])
    assert (found.limit, found.direction) == (0.5, "at_most")
    hits, count = out[0] + put_in[0], out[1] + put_in[1]
    lower = beta.ppf(0.01, hits, count - hits + 1)
    reached = found.value >= 0.5
    known = "failed" if reached and lower > 0.3 else "warned" if reached or hits / count >= 0.5 else "passed"
    assert found.status == known == status


@pytest.mark.parametrize("anywhere", [False, True])
def test_what_is_read_wherever_it_is_is_told(anywhere):
    model = keras.models.clone_model(network(1.0))
    kernel = network(1.0).get_weights()[0].reshape(SIDE, SIDE, 2)
    if anywhere:  # class 1 gets a quarter of every pixel above the last row
        kernel[:-1, :, 1] = 1 / 4
    model.set_weights([kernel.reshape(-1, 2), np.zeros(2)])
    found = verdict(model, probes([MOVES] * 8, [MOVES] * 8), ks.Region("corner", means=1, fill=0.0))
    assert found.status == "failed"
    assert found.sentence.endswith(" The content is read wherever it is.") is anywhere


def test_a_class_without_content_and_all_of_one_class_cannot_be_changed():
    given = probes([MOVES] * 4, [MOVES] * 4)
    found = run(given, check=ks.Region("corner", means=0, fill=0.0))
    assert (found.name, found.status) == ("region_corner", "errored")
    assert found.sentence.startswith(
        "No probe could be changed: none of the class has the content in region 'corner', or all probes are of that"
    )


def test_the_limit_is_the_one_that_was_asked_for():
    given = probes(mixed(6, 8), mixed(6, 8))
    for limit, status in ((0.75, "failed"), (0.76, "passed")):
        assert run(given, check=ks.Region("corner", means=1, fill=0.0, limit=limit)).status == status


def test_each_class_that_is_tried_makes_the_bound_stricter():
    # All images move. The lower bound of four is 0.01 ** (1/4) = 0.32, of five among two classes 0.005 ** (1/5) = 0.35.
    given = probes([MOVES], [MOVES] * 3)
    free = ks.Region("corner", fill=0.0)
    assert run(given).status == "failed"
    assert run(given, check=free).status == "warned"  # 0.005 ** (1/4) = 0.27
    assert run(given, check=free).details["classes"][0]["comparisons"] == 2
    assert run(given, target=1, check=free).status == "failed"  # a target alone is one class
    assert run(probes([MOVES] * 2, [MOVES] * 3), check=free).status == "failed"


def required(out, put_in, **options):
    return run(probes(out, put_in), check=ks.Region("corner", require=True, fill=0.0, **options))


def test_a_required_region_passes_with_the_stronger_direction():
    for out, put_in, value in (
        (mixed(4, 8), mixed(0, 8), 0.5),
        (mixed(0, 8), mixed(5, 8), 0.625),
        (mixed(6, 8), mixed(5, 8), 0.75),
    ):
        found = required(out, put_in)
        assert found.value == value
        assert (found.limit, found.direction) == (0.5, "at_least")
        assert f"moves {sum(s < 1 for s in out)} of 8 images" in found.sentence
        assert f"{sum(s < 1 for s in put_in)} of 8 half of the way to its own" in found.sentence
        assert found.details["taken out"] == {"hits": sum(s < 1 for s in out), "count": 8}
        assert found.details["put in"] == {"hits": sum(s < 1 for s in put_in), "count": 8}
        assert "The model uses region" in found.sentence


def test_a_region_is_required_of_images_of_one_class_too():
    found = required([MOVES] * 8, [])
    assert (found.status, found.value) == ("passed", 1.0)
    assert found.details["put in"] == {"hits": 0, "count": 0}
    assert set(found.pictures) == {"taken_out"}


@pytest.mark.parametrize("count", [4, 6, 7, 8])
def test_a_required_region_fails_where_the_upper_bound_says_so(count):
    # None of n moves: the upper bound is 1 − 0.01 ** (1/n); 0.54 for six, 0.48 for seven. The larger one decides.
    for out, put_in in ((count, 12), (12, count)):
        found = required([STAYS] * out, [STAYS] * put_in)
        assert found.status == ("failed" if 1 - 0.01 ** (1 / count) < 0.5 else "warned")
        assert found.value == 0


def heat(mean, area):
    return Heat(np.array([mean]), mean, mean, mean, 1, area)


def test_heat_in_json_has_no_number_where_there_is_none():
    told = Heat(np.array([2.0]), 2.0, np.nan, np.inf, 1, 0.25)
    assert told.as_json() == {"mean": 2.0, "low": None, "high": None, "share of the area": 0.25, "probes": 1}
    assert str(told) == "2.0 times their share of the area"


@pytest.mark.parametrize(
    ("area", "least"),
    [(0.02, 3.0), (1 / 6, 3.0), (0.25, 2.0), (0.4, 1.25), (0.5, 1.0), (0.8, 1.0)],
)
def test_hot_is_three_times_the_area_or_half_of_the_map_and_never_below_its_share(area, least):
    assert heat(least, area).is_hot
    assert not heat(least - 1e-6, area).is_hot


def shares(share, mask=REGION):
    """A method whose maps lie by this share in a region."""
    values = np.where(mask, share / mask.sum(), (1 - share) / (~mask).sum())[..., None]
    return lambda images, rng: np.broadcast_to(values, images.shape)


@pytest.mark.parametrize(
    ("share", "mask", "name", "status"),
    [
        (0.34, REGION, "corner", "warned"),  # a ninth of the area: hot from a third on
        (0.32, REGION, "corner", "passed"),
        (0.68, BIG, "big", "warned"),  # two thirds of the area: hot from its own share on
        (0.65, BIG, "big", "passed"),
    ],
)
def test_maps_alone_warn_where_they_are_hot(fake_method, share, mask, name, status):
    check = ks.Region(name, means=1, fill=0.0, content=CONTENT)
    found = run(probes([STAYS] * 4, [STAYS] * 4), 0.0, check, method=fake_method(shares(share, mask)))
    assert found.status == status
    enrichment = share / mask.mean()
    np.testing.assert_allclose(found.per_probe["enrichment"], np.full(8, enrichment), rtol=1e-5)
    assert found.details["enrichment"]["mean"] == pytest.approx(enrichment, rel=1e-5)
    assert found.details["enrichment"]["share of the area"] == pytest.approx(mask.mean())
    says = f"The maps are hot in region '{name}' ({enrichment:.1f} times their share of the area). The model does not"
    assert found.sentence.startswith(says) == (status == "warned")


@pytest.mark.parametrize(
    ("share", "status"), [(0.10, "warned"), (0.12, "passed"), (0.9, "passed")], ids=["cold", "cool", "hot"]
)
def test_a_required_region_warns_where_the_maps_are_cold(fake_method, share, status):
    check = ks.Region("corner", require=True, fill=0.0)
    found = run(probes([MOVES] * 4, [MOVES] * 4), 1.0, check, method=fake_method(shares(share)))
    assert found.status == status
    assert found.sentence.startswith("The maps are cold") == (status == "warned")


def test_heat_is_no_excuse_and_no_charge_where_the_experiment_decides(fake_method):
    cold = run(probes([MOVES] * 8, [MOVES] * 8), method=fake_method(shares(0.0)))
    assert (cold.status, cold.per_probe["enrichment"].max()) == ("failed", 0)
    hot = run(
        probes([STAYS] * 8, [STAYS] * 8),
        check=ks.Region("corner", require=True, fill=0.0),
        method=fake_method(shares(1.0)),
    )
    assert hot.status == "failed"


def test_the_most_frequent_classes_are_tried_first_and_ten_at_most():
    labels = np.repeat(np.arange(12), [1, 3, 2, 2, 1, 1, 1, 1, 4, 1, 1, 1])
    images = np.random.default_rng(0).random((len(labels), SIDE, SIDE, 1)).astype("float32")
    subject = Subject.of(network(0.0, classes=12), ks.ProbeSet(images, labels))
    experiment = Experiment(subject, np.broadcast_to(REGION, images.shape[:3]))
    assert candidates(subject, experiment, None) == [8, 1, 2, 3, 0, 4, 5, 6, 7, 9]
    assert MOST_CLASSES == 10
    assert candidates(subject, experiment, 11) == [11]
    one = Subject.of(network(0.0, classes=12), ks.ProbeSet(images, labels), target=0)
    assert candidates(one, experiment, None) == [0]
    assert candidates(one, experiment, 7) == [7]
