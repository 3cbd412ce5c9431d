"""A region that only some of the probes have: what the experiment does with the others, in closed form."""

import json
from functools import cache

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import Experiment
from keras_saliency.checks.shared.subject import Subject
from tests.verdicts import verdict

SIDE = 12
CORNER = np.zeros((SIDE, SIDE), bool)
CORNER[:2, :2] = True


@cache
def reads_the_corner(weight):
    """Three classes: each is a horizontal third of the object; class 1 also gets `weight` × the mean of the corner."""
    weights = np.zeros((SIDE, SIDE, 3))
    for index, row in enumerate((4, 6, 8)):
        weights[row, 4:9, index] = 1 / 5
    weights[..., 1] += weight * CORNER / CORNER.sum()
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    model.set_weights([weights.reshape(-1, 3), np.zeros(3)])
    return model


def scene(label, marked):
    image = np.zeros((SIDE, SIDE, 1), "float32")
    image[(4, 6, 8)[label], 4:9] = 1
    image[CORNER] = marked
    return image


LABELS = np.repeat(np.arange(3), 12)
MARKED = (LABELS == 1) & (np.arange(36) % 2 == 0)  # half of the images of class 1
IMAGES = np.stack([scene(*one) for one in zip(LABELS, MARKED, strict=True)])
SOME = CORNER & MARKED[:, None, None]


def probes(rows=slice(None), masks=SOME, images=IMAGES):
    return ks.ProbeSet(
        images[rows], LABELS[rows], regions={"ruler": masks[rows] if masks.ndim == 3 else masks}
    )


def found_of(result):
    """The shares that the experiment found for class 1."""
    (one,) = [one for one in result.details["classes"] if one["class"] == 1]
    return one["taken out"], one["put in"], one["put elsewhere"]


@pytest.mark.backend
@pytest.mark.parametrize(("weight", "status"), [(3.0, "failed"), (0.9, "warned"), (0.05, "passed")])
def test_the_verdict_is_that_of_the_marked_images_and_of_planting(weight, status):
    """The oracle: one mask for all, on the marked images of the class and the images that the mark is planted in."""
    model, check = reads_the_corner(weight), ks.Region("ruler", means=1)
    some = verdict(model, probes(), check)
    planted = verdict(model, probes(MARKED | (LABELS != 1), masks=CORNER), check)
    assert some.status == planted.status == status
    assert some.value == planted.value
    assert found_of(some)[:2] == found_of(planted)[:2]
    out, put, _ = found_of(some)
    assert (out["half of the way"]["count"], put["half of the way"]["count"]) == (6, 24)
    assert put["median way"] == pytest.approx(weight, abs=1e-4)
    assert out["median way"] == pytest.approx(weight / (1 + weight), abs=1e-4)


def test_the_sentence_counts_the_images_that_something_was_done_to():
    found = verdict(reads_the_corner(3.0), probes(), ks.Region("ruler"))
    assert found.sentence.startswith(
        "The model uses region 'ruler': taken out of 6 images of class 1, it moves 6 of them at least half of the way "
        "out of that class (0 leave it); put into 24 other images, it moves 24"
    )
    assert set(found.pictures) == {"taken_out", "put_in"}
    assert [one["taken out"]["half of the way"]["count"] for one in found.details["classes"]] == [0, 6, 0]


def test_the_heat_is_that_of_the_images_that_have_it():
    found = verdict(reads_the_corner(3.0), probes(), ks.Region("ruler"))
    known = found.per_probe["enrichment"]
    assert np.isnan(known).tolist() == (~MARKED).tolist()
    # The gradient of the score of class 1: 4 pixels of 3 ÷ 4 in the corner, 5 of 1 ÷ 5 in its third of the object.
    np.testing.assert_allclose(known[MARKED], 3 / 4 / (4 / SIDE**2), rtol=1e-5)
    heat = found.details["enrichment"]
    assert (heat["probes"], heat["share of the area"]) == (6, pytest.approx(4 / SIDE**2))
    assert heat["mean"] == pytest.approx(27)


def test_a_hot_map_says_of_how_many_images():
    found = verdict(reads_the_corner(0.4), probes(), ks.Region("ruler"))
    assert found.status == "warned"
    assert (
        "hot in region 'ruler' (10.3 times their share of the area in the 6 of 36 probes that have it)"
        in found.sentence
    )


def test_a_required_region_counts_the_images_that_have_it():
    check = ks.Region("ruler", require=True)
    assert verdict(reads_the_corner(3.0), probes(), check).status == "passed"
    found = verdict(reads_the_corner(0.0), probes(), check)
    assert found.status == "warned"  # six images are one too few for certainty
    assert "moves 0 of 6 images" in found.sentence
    assert "0 of 24 half of the way" in found.sentence


def experiment(images, masks, labels, **options):
    subject = Subject.of(reads_the_corner(3.0), ks.ProbeSet(images, labels))
    return Experiment(subject, masks, fill=0.0, **options)


def two_shapes():
    """Marks of two shapes at two places in four images of class 1, and six images of class 0 without one."""
    masks = np.zeros((10, SIDE, SIDE), bool)
    masks[:2, 1:4, 9:11] = masks[2:4, 9:11, 0:3] = True
    images = np.stack([scene(label, 0) for label in [1] * 4 + [0] * 6])
    rng = np.random.default_rng(0)
    images[masks] = rng.uniform(2, 3, images[masks].shape)
    return images, masks, np.array([1] * 4 + [0] * 6)


def test_content_goes_to_the_place_that_it_comes_from():
    images, masks, labels = two_shapes()
    found = experiment(images, masks, labels)
    rows = found.receivers(1)
    assert rows.tolist() == [4, 5, 6, 7, 8, 9]
    givers = set()
    for row, put in zip(rows, found.put(1, rows), strict=True):
        fitting = [
            d for d in range(4) if np.array_equal(put, np.where(masks[d][..., None], images[d], images[row]))
        ]
        assert len(fitting) == 1
        givers.add(fitting[0])
    assert len(givers) > 1


def test_nothing_is_taken_out_of_an_image_without_the_region():
    images, masks, labels = two_shapes()
    found = experiment(images, masks, labels)
    assert found.has_content.tolist() == [True] * 4 + [False] * 6
    assert found.donors(0).tolist() == []
    np.testing.assert_array_equal(found.emptied[4:], images[4:])
    images[4:] += 1  # what is at these places is no content, whatever it is
    assert experiment(images, masks, labels).has_content.tolist() == [True] * 4 + [False] * 6
    assert len(experiment(images, masks, np.ones(10, int)).taken_out(1).way) == 4


def test_the_way_begins_at_the_image_itself_where_it_has_no_region():
    """At the place of the mark the others have −1, three times for class 0: so they are 4 from class 1, with it −2."""
    images = IMAGES.copy()
    images[~MARKED] = np.where(CORNER[..., None], -1, images[~MARKED])
    subject = Subject.of(reads_the_corner(3.0), ks.ProbeSet(images, LABELS))
    np.testing.assert_allclose(Experiment(subject, SOME, fill=0.0).put_in(1).way, np.full(24, 1.5), rtol=1e-5)
    np.testing.assert_allclose(Experiment(subject, SOME, fill=9.0).put_in(1).way, np.full(24, 1.5), rtol=1e-5)


def test_a_place_whose_content_is_of_another_class_gets_that_of_the_class():
    images, masks, labels = two_shapes()
    labels[2:4] = 2
    images[2:4, 6, 4:9], images[2:4, 8, 4:9] = 0, 1
    found = experiment(images, masks, labels)
    rows = np.arange(4, 10)
    crops = [images[d][masks[d]] for d in (0, 1)]
    for put, row in zip(found.put(1, rows), rows, strict=True):
        changed = (put != images[row])[..., 0]
        own = [np.array_equal(put[masks[d]], crops[d]) for d in (0, 1)]
        assert any(own) or changed[masks[2]].all()
        if not any(own):  # scaled into the other shape: every value is one of class 1
            assert np.isin(put[masks[2]], np.concatenate(crops)).all()


def test_where_the_class_has_no_probes_an_image_gets_the_content_of_any_that_has_it():
    images, masks, labels = two_shapes()
    images[:4, 6, 4:9], images[:4, 4, 4:9], labels[:4] = 0, 1, 0
    found = experiment(images, masks, labels)
    rows = found.receivers(1)
    assert found.donors(1).tolist() == rows[:4].tolist() == [0, 1, 2, 3]
    put = found.put(1, rows)
    assert any(not np.array_equal(put[row], images[row]) for row in range(4))


def test_content_that_is_given_goes_where_others_have_the_region():
    images, masks, labels = two_shapes()
    content = np.full((SIDE, SIDE), 9.0)
    found = experiment(images, masks, labels, content=content)
    for put in found.put(1, np.arange(4, 10)):
        place = (put == 9)[..., 0]
        assert np.array_equal(place, masks[0]) or np.array_equal(place, masks[2])


def test_holders_that_are_given_and_have_no_region_hold_nothing():
    images, masks, labels = two_shapes()
    found = experiment(images, masks, labels, holders=np.arange(10) != 0)
    assert found.has_content.tolist() == [False] + [True] * 3 + [False] * 6


def test_a_region_that_none_of_the_probes_has_is_said_so():
    bare = ks.ProbeSet.sample(IMAGES, LABELS, per_class=4)
    is_drawn = np.isin(np.arange(36), [int(name[1:]) for name in bare.names])
    masks = CORNER & ~is_drawn[:, None, None]
    drawn = ks.ProbeSet.sample(IMAGES, LABELS, per_class=4, regions={"ruler": masks})
    found = verdict(reads_the_corner(0.0), drawn, ks.Region("ruler"))
    assert found.status == "errored"
    assert found.sentence.startswith(
        "None of the probes has the region 'ruler': its mask is empty in all of them."
    )
    report = ks.check(reads_the_corner(0.0), drawn, "quick")
    (brought,) = [result for result in report.results if result.name == "region_ruler"]
    assert brought.status == "skipped"


def test_a_report_shows_a_dash_for_an_image_without_the_region(tmp_path):
    report = ks.check(reads_the_corner(3.0), probes(), ks.Region("ruler"))
    report.to_json(tmp_path / "r.json")
    (stored,) = json.loads((tmp_path / "r.json").read_text())["results"]
    assert [value is None for value in stored["per_probe"]["enrichment"]] == (~MARKED).tolist()
    report.to_html(tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text().count("<td>–</td>") == (~MARKED).sum()
    assert report.regions == {}


@pytest.mark.parametrize(
    ("arm", "status"), [("shortcut", "failed"), ("clean", "passed"), ("irrelevant", "passed")]
)
def test_arms_whose_probes_have_the_stamp_here_and_there(arms, arm, status):
    natural, mask = arms(arm).natural, arms(arm).natural.regions["corner"]
    images, labels = natural.images.copy(), natural.labels
    stamped = labels == 3 if arm == "shortcut" else np.arange(len(labels)) % 2 == 0
    images[np.ix_(stamped, *map(np.unique, np.nonzero(mask)))] = 1
    some = ks.ProbeSet(images, labels, regions={"stamp": mask & stamped[:, None, None]})
    assert verdict(arms(arm).model, some, ks.Region("stamp")).status == status
