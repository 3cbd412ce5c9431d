"""Where a place lies, in words."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.place import Place, described, pieces_of
from keras_saliency.checks.proposals.sameness import same_content

SIDE = 20


def mask(*boxes, size=(SIDE, SIDE)):
    found = np.zeros(size, bool)
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


WIDE = (20, 32)
"""Images that are not square."""


def frame(high, wide, gap=0):
    found = ~mask(((high, 20 - high), (wide, 32 - wide)), size=WIDE)
    found[0, 10 : 10 + gap] = False
    return found


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        # Five times as long as wide, longer than half of the image, and more than half of it full.
        (
            [((17, 20), (2, 19))],
            "a stripe along the bottom border, 3 of 20 px wide, rows 17 to 19 and columns 2 to 18",
        ),
        ([((17, 20), (2, 18))], "the bottom border, rows 17 to 19 and columns 2 to 17"),
        ([((16, 20), (2, 22))], "a stripe along the bottom border, 4 of 20 px wide, rows 16 to 19 and columns 2 to 21"),
        ([((16, 20), (2, 21))], "the bottom border, rows 16 to 19 and columns 2 to 20"),
        ([((0, 11), (5, 7))], "a stripe along the top border, 2 of 32 px wide, rows 0 to 10 and columns 5 to 6"),
        ([((5, 16), (5, 7))], "a stripe down the image, 2 of 32 px wide, rows 5 to 15 and columns 5 to 6"),
        ([((5, 15), (5, 7))], "rows 5 to 14 and columns 5 to 6"),
        ([((0, 20), (30, 32))], "a stripe along the right border, 2 of 32 px wide, rows 0 to 19 and columns 30 to 31"),
        ([((0, 20), (5, 9))], "a stripe down the image, 4 of 32 px wide, rows 0 to 19 and columns 5 to 8"),
        ([((2, 3), (2, 21)), ((3, 4), (21, 22))], "rows 2 to 3 and columns 2 to 21"),
        ([((0, 11), (2, 5))], "the top border, rows 0 to 10 and columns 2 to 4"),
        (
            [((2, 3), (2, 20)), ((3, 4), (2, 3)), ((3, 4), (19, 20))],
            "a stripe across the image, 2 of 20 px wide, rows 2 to 3 and columns 2 to 19",
        ),
        ([((2, 3), (2, 20)), ((3, 4), (19, 20)), ((4, 5), (19, 20))], "rows 2 to 4 and columns 2 to 19"),
        # Less than half full, over more than half of the image both ways.
        ([((0, 1), (0, 17)), ((0, 11), (0, 1))], "4% of the image, scattered over rows 0 to 10 and columns 0 to 16"),
        ([((0, 1), (0, 17)), ((0, 10), (0, 1))], "the top left corner, rows 0 to 9 and columns 0 to 16"),
        ([((0, 1), (0, 16)), ((0, 11), (0, 1))], "the top left corner, rows 0 to 10 and columns 0 to 15"),
        ([((4, 16), (4, 22))], "rows 4 to 15 and columns 4 to 21"),
        ([((4, 10), (4, 22)), ((10, 16), (4, 5))], "rows 4 to 15 and columns 4 to 21"),
        ([((4, 9), (4, 22)), ((9, 10), (4, 16)), ((10, 16), (4, 5))], "rows 4 to 15 and columns 4 to 21"),
        # Up to four pieces are named, the largest first, unless one of them has four fifths.
        (
            [((9, 10), (5, 6)), ((3, 5), (3, 5)), ((0, 1), (30, 32)), ((17, 20), (9, 10))],
            "rows 3 to 4 and columns 3 to 4 and the bottom border, rows 17 to 19 and column 9 and the top right "
            "corner, row 0 and columns 30 to 31 and row 9 and column 5 together",
        ),
        ([((0, 1), (2 * n, 2 * n + 1)) for n in range(1, 6)], "5 pieces in row 0 and columns 2 to 10, 1% of the image"),
        ([((3, 5), (3, 5)), ((9, 10), (5, 6))], "rows 3 to 4 and columns 3 to 4 and specks beside it"),
        ([((3, 5), (3, 5)), ((9, 10), (5, 7))], "rows 3 to 4 and columns 3 to 4 and row 9 and columns 5 to 6 together"),
        (
            [((3, 5), (3, 11)), *(((9, 10), (2 * n, 2 * n + 1)) for n in range(4))],
            "rows 3 to 4 and columns 3 to 10 and specks beside it",
        ),
    ],
)  # fmt: skip
def test_words_where_width_and_height_differ(boxes, words):
    assert described(mask(*boxes, size=WIDE)) == words


def test_a_frame_leaves_the_middle_half_free_and_runs_along_four_fifths_of_each_border():
    assert described(frame(2, 2)) == "a frame along all borders, 30% of the image"
    assert described(frame(5, 8)).startswith("a frame")
    assert not described(frame(6, 8)).startswith("a frame")
    assert not described(frame(5, 9)).startswith("a frame")
    assert described(frame(1, 1, gap=6)).startswith("a frame")
    assert not described(frame(1, 1, gap=7)).startswith("a frame")
    short = frame(1, 1)
    short[3:6, 0] = False
    assert described(short).startswith("a frame")
    short[6, 0] = False  # exactly four fifths are not more
    assert not described(short).startswith("a frame")
    for row, column in ((5, 8), (5, 23), (14, 8), (14, 23)):  # corners of the middle half
        filled = frame(5, 8)
        filled[row, column] = True
        assert not described(filled).startswith("a frame"), (row, column)


def test_a_place_that_says_no_more_is_tried_for_all_classes_with_the_mean_in_it():
    place = Place(FRAME, 2.0)
    assert (place.class_index, place.fill, place.holders) == (None, "mean", None)
    assert place.words == described(FRAME)


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
