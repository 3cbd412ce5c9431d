"""Where a place lies, in words."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.place import described, pieces_of
from keras_saliency.checks.proposals.sameness import same_content

SIDE = 20


def mask(*boxes):
    found = np.zeros((SIDE, SIDE), bool)
    for rows, columns in boxes:
        found[slice(*rows), slice(*columns)] = True
    return found


FRAME = ~mask(((1, 19), (1, 19)))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (mask(((0, 3), (17, 20))), "the top right corner, rows 0 to 2 and columns 17 to 19"),
        (mask(((8, 11), (5, 9))), "rows 8 to 10 and columns 5 to 8"),
        (
            mask(((0, 20), (0, 2))),
            "a stripe along the left border, 2 of 20 px wide, rows 0 to 19 and columns 0 to 1",
        ),
        (mask(((3, 4), (0, 20))), "a stripe across the image, 1 of 20 px wide, row 3 and columns 0 to 19"),
        (FRAME, "a frame along all borders, 19% of the image"),
        (
            mask(((0, 3), (0, 3)), ((17, 20), (17, 20))),
            "the top left corner, rows 0 to 2 and columns 0 to 2 and the bottom right corner, rows 17 to 19 and "
            "columns 17 to 19 together",
        ),
    ],
)
def test_words(place, words):
    assert described(place) == words


def test_pieces_touch_at_corners_too():
    assert [piece.sum() for piece in pieces_of(np.eye(6, dtype=bool))] == [6]
    assert [piece.sum() for piece in pieces_of(mask(((0, 1), (0, 1)), ((5, 7), (5, 7))))] == [4, 1]


@pytest.mark.parametrize(
    "place", [FRAME, np.eye(SIDE, dtype=bool), mask(((0, 3), (0, 3)), ((17, 20), (0, 3)))]
)
def test_what_a_class_has_in_common_is_found_exactly(place):
    rng = np.random.default_rng(0)
    images, classes = rng.random((24, SIDE, SIDE, 3)) * 0.5, np.arange(24) % 4
    maps = np.ones(images.shape[:3])
    assert same_content(images, maps, classes, 1) is None
    images[classes == 1] = np.where(place[..., None], 1.0, images[classes == 1])
    images[1] = rng.random((SIDE, SIDE, 3)) * 0.5  # one of six does not have it
    found = same_content(images, maps, classes, 1)
    np.testing.assert_array_equal(found.mask, place)
    np.testing.assert_array_equal(found.holders, (classes == 1) & (np.arange(24) != 1))
    assert found.enrichment == 1
    assert same_content(images, maps, classes, 2) is None
    assert same_content(images[:9], maps[:9], classes[:9], 1) is None  # two of three are too few
