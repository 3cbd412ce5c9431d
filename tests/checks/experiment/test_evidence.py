"""What counts as proven: bounds in closed form, without a network."""

import numpy as np
import pytest
from scipy.stats import beta, hypergeom

from keras_saliency.checks.experiment.experiment import ERROR, NOTHING, UNSPECIFIC, Evidence
from keras_saliency.checks.experiment.interventions import Moved
from keras_saliency.checks.shared.statistics import Proportion

NOWHERE = Proportion(0, 0)


def moved(hits, count, flips=0):
    """`hits` of `count` images go 0.6 of the way, `flips` of them 1.5; the others go 0.1."""
    after = np.full(count, 0.9)
    after[:hits] = 0.4
    after[:flips] = -0.5
    return Moved.between(np.ones(count), after)


def evidence(out, put_in, elsewhere=NOWHERE, comparisons=1):
    return Evidence(1, out, put_in, elsewhere, comparisons)


def test_the_value_is_the_smaller_of_both_directions():
    assert evidence(moved(4, 8), moved(3, 4)).value == 0.5
    assert evidence(moved(3, 4), moved(4, 8)).value == 0.5
    assert evidence(moved(0, 4), moved(4, 4)).value == 0
    assert evidence(moved(4, 4), moved(0, 4)).value == 0


def test_of_one_direction_only_changed_predictions_count():
    for only in (evidence(moved(8, 8, flips=2), NOTHING), evidence(NOTHING, moved(8, 8, flips=2))):
        assert only.value == 0.25
    assert np.isnan(evidence(NOTHING, NOTHING).value)


def test_images_must_arrive_where_the_whole_way_is_asked_for():
    out, put_in = moved(6, 8, flips=1), moved(8, 8, flips=5)
    half, whole = (Evidence(1, out, put_in, NOWHERE, whole_way=whole) for whole in (False, True))
    assert (half.value, whole.value) == (6 / 8, 5 / 8)
    assert (half.reached, whole.reached) == (Proportion(8, 8), Proportion(5, 8))
    assert (half.together, whole.together) == (Proportion(14, 16), Proportion(11, 16))
    assert not Evidence(1, out, put_in, NOWHERE).whole_way


def test_both_directions_together():
    together = evidence(moved(3, 4), moved(2, 7)).together
    assert (together.hits, together.count) == (5, 11)


@pytest.mark.parametrize(("hits", "count"), [(4, 4), (6, 9), (7, 12), (11, 20), (10, 20)])
@pytest.mark.parametrize("comparisons", [1, 2, 10, 80])
def test_the_bound_allows_for_all_comparisons(hits, count, comparisons):
    low = beta.ppf(ERROR / comparisons, hits, count - hits + 1)  # Clopper and Pearson 1934
    out = moved(hits, count)
    assert evidence(out, NOTHING, comparisons=comparisons).is_certain == (low > UNSPECIFIC)
    assert evidence(NOTHING, out, comparisons=comparisons).is_certain == (low > UNSPECIFIC)


def test_four_of_four_are_certain_of_one_class_and_not_of_one_among_two():
    # The lower bound of n hits of n is the n-th root of the error: 0.01 ** (1/4) = 0.316, 0.005 ** (1/4) = 0.266.
    assert evidence(moved(4, 4), NOTHING).is_certain
    assert not evidence(moved(4, 4), NOTHING, comparisons=2).is_certain
    assert not evidence(moved(3, 3), NOTHING).is_certain


@pytest.mark.parametrize("elsewhere", range(0, 48, 4))
def test_the_same_content_at_other_places_must_move_fewer(elsewhere):
    found = evidence(moved(12, 12), moved(4, 6), Proportion(elsewhere, 48))
    # Fisher's exact test, one-sided: at least 4 of 6 hits among 54 trials.
    chance = hypergeom.sf(3, 54, 4 + elsewhere, 6)
    assert found.is_certain == (chance <= ERROR or elsewhere >= 24)
    assert found.is_read_anywhere == (elsewhere >= 24)


def test_where_nothing_was_put_elsewhere_nothing_is_read_anywhere():
    found = evidence(moved(12, 12), NOTHING)
    assert found.is_certain
    assert not found.is_read_anywhere


def test_fishers_test_alone_can_stop_a_verdict():
    found = evidence(moved(12, 12), moved(4, 6), Proportion(20, 48))
    assert found.together.lower(ERROR) > UNSPECIFIC
    assert found.value > 0.5
    assert not found.is_certain


def test_words_and_numbers_say_which_is_which():
    found = evidence(moved(3, 4, flips=1), moved(5, 7, flips=2), Proportion(14, 56), comparisons=3)
    assert found.in_words("b") == (
        "taken out of 4 images of class b, it moves 3 of them at least half of the way out of that class (1 leave "
        "it); put into 7 other images, it moves 5 at least half of the way to class b (2 arrive); at other places it "
        "moves 25% of them as far"
    )
    assert evidence(NOTHING, NOTHING).in_words("b") == ""
    assert found.as_json() == {
        "class": 1,
        "taken out": {
            "half of the way": {"hits": 3, "count": 4},
            "changed predictions": {"hits": 1, "count": 4},
            "median way": pytest.approx(0.6),
        },
        "put in": {
            "half of the way": {"hits": 5, "count": 7},
            "changed predictions": {"hits": 2, "count": 7},
            "median way": pytest.approx(0.6),
        },
        "put elsewhere": {"hits": 14, "count": 56},
        "comparisons": 3,
    }
    assert evidence(NOTHING, moved(1, 2)).as_json()["taken out"]["median way"] is None
