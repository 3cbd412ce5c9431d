"""From places to a verdict: networks with hand-made weights, even maps, shares that are known exactly."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import NOTHING, Evidence
from keras_saliency.checks.experiment.interventions import Moved
from keras_saliency.checks.proposals.place import Place
from keras_saliency.checks.shared.statistics import Proportion
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.checks.unexpected_region import PlaceTrial, look_alike, proposed

SIDE = 16
WEAK, STRONG = 0.5, 30.0
"""Strengths of images that a mark with a weight of 1 moves, and does not."""


def box(top, left, side=2):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + side, left : left + side] = True
    return mask


CORNER, OTHER, INNER, LOWER = box(0, 0), box(14, 14), box(4, 4), box(11, 11)
WORDS = "the top left corner, rows 0 to 1 and columns 0 to 1"


def network(*marks, classes=3):
    """A class gets its pixel in row 10; and for each of (class, mask, weight) the weight × the mean in the mask."""
    kernel = np.zeros((SIDE, SIDE, classes))
    for index in range(classes):
        kernel[10, 5 + 2 * index, index] = 1
    for index, mask, weight in marks:
        kernel[..., index] += weight * mask / mask.sum()
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(classes)])
    model.set_weights([kernel.reshape(-1, classes), np.zeros(classes)])
    return model


def probes(strengths, marks, class_names=None):
    """Images of each class with these strengths, which hold 1 in the masks of their class."""
    labels = np.repeat(np.arange(len(strengths)), [len(own) for own in strengths])
    images = np.zeros((len(labels), SIDE, SIDE, 1), "float32")
    for image, label, strength in zip(images, labels, np.concatenate(strengths), strict=True):
        image[10, 5 + 2 * label] = strength
        image[
            np.any([mask for index, mask in marks if index == label] or [np.zeros_like(CORNER)], axis=0)
        ] = 1
    return ks.ProbeSet(images, labels, class_names=class_names)


@pytest.fixture
def even(fake_method):
    """A method whose maps have no hot window."""
    return fake_method(lambda images, rng: np.ones_like(images))


def run(even, strengths, *marks, check="unexpected_region", class_names=None):
    given = probes(strengths, [(index, mask) for index, mask, _ in marks], class_names)
    return ks.check(network(*marks), given, check, method=even).results[0]


def mixed(hits, count):
    return [WEAK] * hits + [STRONG] * (count - hits)


def half(place, direction):
    return tuple(place[direction]["half of the way"].values())


def test_a_corner_that_decides(even):
    found = run(even, (mixed(8, 8), mixed(6, 8), mixed(8, 8)), (1, CORNER, 1.0), class_names=["a", "b", "c"])
    assert (found.name, found.status, found.value) == ("unexpected_region", "failed", 0.75)
    assert (found.limit, found.direction) == (0.5, "at_most")
    assert found.sentence.startswith(
        f"The model rests on {WORDS}: taken out of 8 images of class 1 (b), it moves 6"
    )
    assert set(found.pictures) == {"taken_out", "put_in"}
    assert found.details["place"] == WORDS
    np.testing.assert_array_equal(found.details["region"], CORNER[None])
    # The window, and the place where class 1 has something in common. Eight windows and three classes, and that.
    window, shape = found.details["places"]
    for place in (window, shape):
        assert (place["place"], place["enrichment"], place["class"], place["comparisons"]) == (
            WORDS,
            1,
            1,
            25,
        )
        assert (half(place, "taken out"), half(place, "put in")) == ((6, 8), (16, 16))


def test_the_limit_is_the_one_that_was_asked_for(even):
    for limit, status in ((0.75, "failed"), (0.76, "passed")):
        check = ks.UnexpectedRegion(limit=limit)
        found = run(even, (mixed(6, 8), mixed(8, 8), mixed(6, 8)), (1, CORNER, 1.0), check=check)
        assert (found.status, found.value, found.limit) == (status, 0.75, limit)
    for wrong in (0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="limit"):
            ks.UnexpectedRegion(limit=wrong)
    assert ks.UnexpectedRegion(limit=1).limit == 1


def test_where_fewer_than_the_limit_leave_nothing_is_put_in(even):
    found = run(even, (mixed(8, 8), mixed(3, 8), mixed(8, 8)), (1, CORNER, 1.0))
    assert (found.status, found.value, found.limit, found.direction) == ("passed", 0, 0.5, "at_most")
    assert found.sentence == (
        "No unmarked place decides for a class: 2 pairs of a place and a class were tried, the strongest moves 0% of "
        "the images."
    )
    assert [half(place, "taken out") for place in found.details["places"]] == [(3, 8)] * 2
    assert [half(place, "put in") for place in found.details["places"]] == [(0, 0)] * 2


def test_what_passes_tells_how_many_move(even):
    found = run(even, (mixed(2, 8), mixed(8, 8), mixed(2, 8)), (1, CORNER, 1.0))
    assert (found.status, found.value) == ("passed", 4 / 16)
    assert found.sentence.endswith("the strongest moves 25% of the images.")


def test_what_a_class_has_in_common_must_lead_all_of_the_way(even):
    # 0.7 of the way to class 1, and out of it.
    own, others = [0.3] * 8, [1 / 0.7] * 8
    found = run(even, (others, own, others), (1, CORNER, 1.0))
    window, shape = found.details["places"]
    assert half(window, "put in") == half(shape, "put in") == (16, 16)
    assert half(window, "taken out") == half(shape, "taken out") == (8, 8)
    assert (window["put elsewhere"]["count"], shape["put elsewhere"]["count"]) == (8 * 16, 0)
    assert (found.status, found.value) == ("failed", 1)
    inside = run(even, (others, own, others), (1, INNER, 1.0))  # no window lies there
    assert (inside.status, inside.value, len(inside.details["places"])) == ("passed", 0, 1)


def test_few_images_are_a_warning_and_very_few_are_nothing(even):
    # All of 2 + 4 images move: certain of one pair (0.01 ** (1/6) = 0.46), not of one among 24 (0.27).
    few = run(even, ([WEAK] * 2,) * 3, (1, CORNER, 1.0))
    assert (few.status, few.value) == ("warned", 1)
    assert few.sentence.startswith(f"The model may rest on {WORDS}: ")
    np.testing.assert_array_equal(few.details["region"], CORNER[None])
    # 1 + 2 images: 0.01 ** (1/3) = 0.22 is no more than an unseen patch moves.
    one = run(even, ([WEAK],) * 3, (1, CORNER, 1.0))
    assert (one.status, one.value) == ("passed", 0)
    assert half(one.details["places"][0], "put in") == (2, 2)


def test_the_strongest_place_comes_first_and_none_overlaps_a_former_one(even):
    found = run(even, (mixed(6, 8), mixed(8, 8), mixed(8, 8)), (0, CORNER, 1.0), (2, OTHER, 1.0))
    # Images of class 0 that are strong are not moved; half of the way are 1 / (0.5 + 1) of those with a mark.
    assert found.value == 14 / 16
    np.testing.assert_array_equal(found.details["region"], np.stack([OTHER, CORNER]))
    assert found.details["place"] == "the bottom right corner, rows 14 to 15 and columns 14 to 15"


def test_where_classes_are_marked_by_nature_it_may_rest_on_them(even):
    found = run(even, (mixed(8, 8),) * 3, (0, INNER, 1.0), (1, LOWER, 1.0))
    assert (found.status, found.value) == ("warned", 0.5)  # those with the other mark do not arrive
    assert "The model may rest on " in found.sentence
    assert found.sentence.endswith(
        " The images of 2 classes hardly differ within their class, so that nothing tells marks from objects."
    )


def test_what_it_needs(even):
    nothing = run(even, (mixed(2, 2),) * 3)
    assert nothing.status == "errored"
    assert "No class has images whose content could be taken out of a place." in nothing.sentence
    small = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(2)])
    row = keras.Sequential([keras.Input((5,)), layers.Dense(2)])
    one = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(1)])
    for model, shape, sentence in (
        (small, (3, 3, 1), "The images are too small to have places."),
        (row, (5,), "No input is an image, so there are no places."),
        (one, (SIDE, SIDE, 1), "The model predicts no class"),
    ):
        given = ks.ProbeSet(np.ones((4, *shape), "float32"))
        found = ks.check(model, given, ks.UnexpectedRegion()).results[0]
        assert sentence in found.sentence


def test_windows_and_what_each_class_has_in_common_are_proposed(fake_method):
    hot = np.where(box(9, 2), 9.0, 1.0)
    given = probes((mixed(4, 4),) * 3, [(1, INNER), (2, LOWER)])
    maps = np.where((given.labels == 0)[:, None, None], hot, 1.0)[..., None]  # of class 0 alone
    method = fake_method(lambda images, rng: maps)
    places = proposed(Subject.of(network(), given, method))
    assert [place.class_index for place in places] == [None] * (len(places) - 2) + [1, 2]
    (window,) = [place for place in places[8:-2] if (place.mask == box(9, 2)).all()]
    assert window.enrichment == pytest.approx(9 / hot.mean())
    for place, mask in zip(places[-2:], (INNER, LOWER), strict=True):
        np.testing.assert_array_equal(place.mask, mask)
        np.testing.assert_array_equal(place.holders, given.labels == place.class_index)
    small = ks.ProbeSet(np.zeros((2, 3, 3, 1), "float32"))
    model = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(2)])
    assert proposed(Subject.of(model, small)) is None


def trial(mask=CORNER, class_index=0, hits=8, put_in=8, count=8, own=True):
    """All that moves goes 0.6 of the way."""

    def moved(hits):
        return Moved.between(np.ones(count), np.repeat([0.4, 0.9], [hits, count - hits]))

    evidence = Evidence(class_index, moved(hits), moved(put_in), Proportion(0, 0))
    return PlaceTrial(Place(mask, 2.5, class_index if own else None), None, evidence)


def test_images_of_a_class_are_alike_where_most_classes_have_a_place_of_their_own():
    first, second = trial(CORNER, 0), trial(OTHER, 1)
    window = trial(INNER, 0, own=False)
    assert look_alike([first, window, second], 0.5) == [first, second]
    assert look_alike([first, window], 0.5) == []
    assert look_alike([first, second, trial(INNER, 2, hits=3)], 0.5) == [first, second]
    assert (
        look_alike([first, second, *(trial(INNER, n, own=False) for n in (2, 3))], 0.5) == []
    )  # two of four
    assert look_alike([first, second, *(trial(INNER, n, own=False) for n in (2, 3, 4))], 0.5) == []
    for weak in (trial(OTHER, 1, hits=4), trial(OTHER, 1, put_in=4)):
        assert look_alike([first, weak], 0.5) == [first, weak]
        assert look_alike([first, weak], 0.51) == []


def test_one_place_for_all_classes_is_one_shortcut():
    assert look_alike([trial(CORNER, 0), trial(CORNER, 1)], 0.5) == []
    wide, half_of_it, less = box(0, 0, 6), box(0, 0, 6), box(0, 0, 4)
    half_of_it[3:] = False
    assert look_alike([trial(wide, 0), trial(half_of_it, 1)], 0.5) == []  # 0.75 of what they cover together
    assert len(look_alike([trial(wide, 0), trial(less, 1)], 0.5)) == 2  # 0.72


def test_a_trial_counts_from_four_of_four_images_on_and_from_the_limit():
    # The lower bound of all of n is 0.01 ** (1/n): 0.32 of four, 0.22 of three. More than 0.3 is notable.
    four, three = (
        replace(given, evidence=replace(given.evidence, put_in=NOTHING))
        for given in (trial(count=4, hits=4, put_in=4), trial(count=3, hits=3, put_in=3))
    )
    assert (four.is_notable, three.is_notable) == (True, False)
    assert trial(hits=6).reaches(0.75)
    assert not trial(hits=6).reaches(0.76)
    assert not trial(hits=2, put_in=1, count=2).reaches(0.5)


def test_numbers_of_a_trial():
    given = trial(OTHER, 1)
    assert given.as_json() == {
        "place": "the bottom right corner, rows 14 to 15 and columns 14 to 15",
        "enrichment": 2.5,
        **given.evidence.as_json(),
    }
