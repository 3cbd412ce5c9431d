"""What sets a class apart as a whole."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.casts import cast_of, whole_numbers

LEVELS = np.array([0.4, 0.5, 0.6, 0.45, 0.55, 0.5])


def images_of(levels):
    return np.broadcast_to(np.asarray(levels, "float32")[:, None, None, None], (len(levels), 4, 4, 1))


@pytest.mark.parametrize(("own", "is_found"), [([0.9] * 4, True), ([0.6, 0.5, 0.4, 0.55], False)])
def test_a_class_that_is_far_from_all_others(own, is_found):
    levels, classes = [*LEVELS, *LEVELS, *own], np.repeat([0, 1, 2], [6, 6, 4])
    found = cast_of(whole_numbers(images_of(levels)), classes, 2)
    assert (found is not None) == is_found
    assert found is None or found.words == "the brightness"
    assert cast_of(whole_numbers(images_of(levels)), classes, 0) is None


def test_of_two_classes_none_is_the_usual_one():
    levels, classes = [*LEVELS, *[0.9] * 4], np.repeat([0, 1], [6, 4])
    assert cast_of(whole_numbers(images_of(levels)), classes, 1) is None
    three = cast_of(whole_numbers(images_of([*LEVELS, *levels])), np.repeat([2, 0, 1], [6, 6, 4]), 1)
    assert three is not None


def test_three_images_are_too_few():
    levels, classes = [*LEVELS, *LEVELS, *[0.9] * 3], np.repeat([0, 1, 2], [6, 6, 3])
    assert cast_of(whole_numbers(images_of(levels)), classes, 2) is None


def test_others_must_be_five_times_as_far():
    # Others lie at −1 and 1, with a floor of 0.1; the class at its centre, 0.5 up and down.
    classes = np.repeat([0, 1, 2], [4, 4, 4])
    for centre, expected in ((5.0, 4 / 0.6), (3.5, None)):
        values = np.array([-1, 1, -1, 1] * 2 + [centre - 0.5, centre + 0.5] * 2)
        found = cast_of({"a number": values}, classes, 2)
        assert (found and found.distinctness) == (expected and pytest.approx(expected, rel=1e-4))
