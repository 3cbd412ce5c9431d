"""Regions by experiment: a hand-weighted network with a known truth, and the demo's arms."""

from functools import cache

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.checks.shared.subject import Subject
from tests.verdicts import verdict

SIDE = 12
CORNER = np.zeros((SIDE, SIDE), bool)
CORNER[:2, :2] = True
OBJECT = np.zeros((SIDE, SIDE), bool)
OBJECT[4:9, 4:9] = True


@cache
def hand_weighted(corner, object_weight=1.0):
    """Three classes: each is a horizontal third of the object; class 1 also gets `corner` × the mean of the corner."""
    weights = np.zeros((SIDE, SIDE, 3))
    for index, rows in enumerate([(4,), (6,), (8,)]):
        weights[list(rows), 4:9, index] = object_weight / 5
    weights[..., 1] += corner * CORNER / CORNER.sum()
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    model.set_weights([weights.reshape(-1, 3), np.zeros(3)])
    return model


def scene(label, corner):
    image = np.zeros((SIDE, SIDE, 1), "float32")
    image[[4, 6, 8][label], 4:9] = 1
    image[CORNER] = corner
    return image


def probes(corners=(0, 1, 0), copies=6, **options):
    """Each class `copies` times; the corner of class k is `corners[k]`."""
    labels = np.repeat(np.arange(3), copies)
    noise = np.random.default_rng(0).normal(0, 0.01, (len(labels), SIDE, SIDE, 1)).astype("float32")
    images = np.stack([scene(label, corners[label]) for label in labels]) + noise
    return ks.ProbeSet(images, labels, regions={"corner": CORNER, "object": OBJECT}, **options)


def run(check, model, given=None, **options):
    return verdict(model, given or probes(), check, **options)


@pytest.mark.backend
@pytest.mark.parametrize(
    ("corner", "status"),
    [(3.0, "failed"), (1.1, "failed"), (0.9, "warned"), (0.1, "passed"), (0.0, "passed")],
)
def test_a_known_share_of_the_decision(corner, status):
    # Putting the corner in closes `corner` of a gap of 1; taking it out loses `corner` of 1 + corner.
    found = run(ks.Region("corner", means=1), hand_weighted(corner))
    assert found.status == status
    details = found.details["classes"][0]
    assert details["put in"]["median way"] == pytest.approx(corner, abs=0.05)
    lost = corner / (1 + corner)
    assert details["taken out"]["median way"] == pytest.approx(lost, abs=0.05)


def test_the_class_is_found_from_the_labels():
    found = run(ks.Region("corner"), hand_weighted(3.0), probes(class_names=["a", "b", "c"]))
    assert found.status == "failed"
    assert found.name == "region_corner"
    assert found.sentence.startswith(
        "The model uses region 'corner': taken out of 6 images of class 1 (b), it moves 6 of them at least half of "
        "the way out of that class (0 leave it); put into 12 other images, it moves 12"
    )
    assert found.value == 1
    assert set(found.pictures) == {"taken_out", "put_in"}
    assert all(picture.dtype == np.uint8 and picture.shape[2] == 3 for picture in found.pictures.values())


def test_content_is_in_the_images_of_others_too():
    # All probes have it: only the fixed target says which class it is said to mean.
    found = run(ks.Region("corner"), hand_weighted(3.0), probes((1, 1, 1)), target=1)
    assert found.status == "failed"
    assert run(ks.Region("corner"), hand_weighted(0.0), probes((1, 1, 1)), target=1).status == "passed"


def test_the_model_stays_as_it_is():
    model = hand_weighted(3.0)
    before = model.get_weights()
    run(ks.Region("corner"), model)
    for value, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.mark.parametrize("require", [False, True])
def test_a_region_without_content_is_skipped_in_a_suite_and_an_error_where_it_was_asked_for(require):
    empty = probes((0, 0, 0))
    found = run(ks.Region("corner", require=require), hand_weighted(0.0), empty)
    assert found.status == "errored"
    assert "Add probes that have the content, or give content=" in found.sentence
    assert found.sentence.endswith("give what it needs, or leave it out.")
    (chosen,) = [one for one in make_checks("quick", empty) if one.name == "region_corner"]
    (brought,) = run_checks((chosen,), Subject.of(hand_weighted(0.0), empty))
    assert brought.status == "skipped"


def test_maps_that_are_hot_where_no_probe_has_content_are_a_warning_in_a_suite():
    empty = probes((0, 0, 0))
    chosen = [one for one in make_checks("quick", empty) if one.name == "region_corner"]
    (brought,) = run_checks(tuple(chosen), Subject.of(hand_weighted(1.0), empty))
    assert brought.status == "warned"
    assert run(ks.Region("corner"), hand_weighted(1.0), empty).status == "errored"


def test_a_class_that_the_model_does_not_have_is_an_error():
    found = run(ks.Region("corner", means=99), hand_weighted(0.0))
    assert found.status == "errored"
    assert found.sentence.startswith("Expected the index of a class, below 3. Received: means=99")


def test_content_can_be_given():
    found = run(
        ks.Region("corner", means=1, content=np.ones((SIDE, SIDE))), hand_weighted(3.0), probes((0, 0, 0))
    )
    assert found.status == "failed"
    assert "arrive" in found.sentence


def test_only_a_hot_map_warns():
    # A weight so small that nothing moves, on an object weight that is smaller still, spread over the image.
    model = hand_weighted(0.4, object_weight=1.0)
    found = run(ks.Region("corner", means=1), model, method="gradient", target=1)
    assert found.status == "warned"
    assert found.sentence.startswith("The maps are hot in region 'corner'")
    assert found.per_probe["enrichment"].shape == (18,)


def test_few_images_are_no_proof():
    found = run(ks.Region("corner"), hand_weighted(3.0), probes(copies=1))
    assert found.status == "warned"
    assert "not certain" in found.sentence


def test_a_required_region_is_the_mirror_image():
    assert run(ks.Region("object", require=True), hand_weighted(0.0)).status == "passed"
    found = run(ks.Region("corner", require=True), hand_weighted(0.0), probes(copies=12))
    assert found.status == "failed"
    assert found.sentence.startswith("The model does not use the required region 'corner'")
    assert run(ks.Region("corner", require=True), hand_weighted(0.0), probes(copies=2)).status == "warned"
    assert found.direction == "at_least"


def test_masks_may_differ_from_image_to_image():
    given = probes()
    masks = np.broadcast_to(CORNER, (len(given), SIDE, SIDE)).copy()
    masks[::2] = np.roll(CORNER, 1, axis=1)  # half of them do not cover the whole corner
    moving = ks.ProbeSet(given.images, given.labels, regions={"corner": masks})
    assert run(ks.Region("corner", means=1), hand_weighted(0.0), moving).status == "passed"
    masks[::2] = CORNER
    same = ks.ProbeSet(given.images, given.labels, regions={"corner": masks})
    assert run(ks.Region("corner", means=1), hand_weighted(3.0), same).status == "failed"


@pytest.mark.parametrize("fill", ["mean", "blur", 0.0])
def test_every_fill_finds_it(fill):
    assert run(ks.Region("corner", fill=fill), hand_weighted(3.0)).status == "failed"


def test_images_of_integers_and_channels_first():
    given = probes()
    scaled = (np.clip(given.images, 0, 1) * 255).astype("uint8")
    core = hand_weighted(3.0)
    integers = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1), dtype="uint8"), layers.Rescaling(1 / 255), *core.layers]
    )
    found = run(ks.Region("corner"), integers, ks.ProbeSet(scaled, given.labels, regions=given.regions))
    assert found.status == "failed"


def test_a_region_that_the_probes_lack_is_an_error():
    found = run(ks.Region("frame"), hand_weighted(0.0))
    assert found.status == "errored"
    assert found.sentence.startswith("No region 'frame'. Regions: corner, object.")


@pytest.mark.parametrize(("means", "status"), [(None, "passed"), (1, "passed"), (2, "failed")])
def test_a_required_region_can_be_required_for_one_class(means, status):
    # Images of classes 1 and 2 have the content, which speaks for class 1 alone.
    check = ks.Region("corner", require=True, means=means)
    assert run(check, hand_weighted(3.0), probes((0, 1, 1), copies=12)).status == status


def test_forbidden_or_required():
    assert ks.Region("corner").forbid
    assert not ks.Region("corner", require=True).forbid
    for options in ({"forbid": True, "require": True}, {"forbid": False}):
        with pytest.raises(ValueError, match="Expected a region to be forbidden or required"):
            ks.Region("corner", **options)


@pytest.mark.parametrize("arm", ["shortcut", "moved", "faint"])
def test_arms_that_read_the_stamp_fail(arms, arm):
    for probes_ in (arms(arm).stamped, arms(arm).natural):
        report = ks.check(arms(arm).model, probes_, ["region", "unexpected_region"])
        assert [result.status for result in report.results] == ["failed", "failed"], f"{arm}\n{report}"
        assert "class 3" in report.results[1].sentence


@pytest.mark.parametrize("arm", ["clean", "irrelevant"])
def test_arms_that_do_not_read_it_pass(arms, arm):
    trained = arms(arm)
    for probes_ in (trained.stamped, trained.natural):
        report = ks.check(trained.model, probes_, ["region", "unexpected_region"])
        assert [result.status for result in report.results] == ["passed", "passed"], f"{arm}\n{report}"


def test_a_fixed_target_is_the_class_that_the_stamp_means(arms):
    for arm, status in [("shortcut", "failed"), ("clean", "passed"), ("irrelevant", "passed")]:
        report = ks.check(arms(arm).model, arms(arm).stamped, ["region", "unexpected_region"], target=3)
        assert [result.status for result in report.results] == [status, status], f"{arm}\n{report}"


def test_unexpected_regions_are_for_class_scores_of_images():
    scores = ks.check(hand_weighted(0.0), probes(), "unexpected_region", target=1).results[0]
    assert scores.status == "warned"
    tiny = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(2)])
    small = ks.ProbeSet(np.random.default_rng(0).random((4, 3, 3, 1)).astype("float32"))
    found = ks.check(tiny, small, "unexpected_region").results[0]
    assert found.sentence.startswith("The images are too small to have places.")
    one = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(1)])
    assert ks.check(one, ks.ProbeSet(probes().images), "unexpected_region").results[0].status == "errored"


def test_an_unexpected_place_of_the_hand_weighted_network_is_found():
    found = run("unexpected_region", hand_weighted(3.0), probes(copies=8))
    assert found.status == "failed"
    assert "the top left corner, rows 0 to 1 and columns 0 to 1" in found.sentence
    found = run("unexpected_region", hand_weighted(0.0), probes(copies=8))
    assert (
        found.status == "warned"
    )  # all images of a class are the same, so that its object looks like a mark
    assert "The images of 3 classes hardly differ within their class" in found.sentence


def test_a_report_says_where_a_forbidden_region_was_found():
    report = ks.check(hand_weighted(3.0), probes(), [ks.Region("corner"), ks.Region("object", require=True)])
    assert list(report.regions) == ["region_corner"]
    np.testing.assert_array_equal(report.regions["region_corner"], CORNER)
    assert ks.check(hand_weighted(0.1), probes(), ks.Region("corner")).regions == {}


def test_a_required_region_that_is_not_used_is_none_to_repair():
    report = ks.check(hand_weighted(0.0), probes(), ks.Region("corner", require=True, limit=1.0))
    assert report.results[0].status == "failed"
    assert report.regions == {}


def test_regions_of_single_images_have_no_place():
    mine = ks.ProbeSet(
        probes().images, probes().labels, regions={"corner": np.broadcast_to(CORNER, (18, SIDE, SIDE))}
    )
    report = ks.check(hand_weighted(3.0), mine, ks.Region("corner"))
    assert report.results[0].status == "failed"
    assert report.regions == {}
