"""Where the channels are of what a layer reads, from where the axes of the image run: every case in a table."""

import numpy as np
import pytest

from keras_saliency.engine.reading import _channels, batch, carried
from keras_saliency.engine.slabs import Slabs

LAST, FIRST, GREY = (1, 9, 7, 3), (1, 3, 9, 7), (1, 9, 7)


def runs(rank, *pairs, to=4):
    """Which axis of an image of this rank runs along which of a tensor."""
    courses = np.zeros((rank, to), bool)
    for one, other in pairs:
        courses[one, other] = True
    return courses


@pytest.mark.parametrize(
    ("courses", "shape", "read", "data_format", "axis"),
    [
        (runs(4, (1, 1), (2, 2), (3, 3)), LAST, LAST, "channels_last", -1),
        (runs(4, (1, 1), (2, 2), (3, 3)), FIRST, FIRST, "channels_first", 1),
        (runs(4, (1, 3), (2, 1), (3, 2)), FIRST, LAST, "channels_last", 1),
        (runs(4, (1, 2), (2, 3), (3, 1)), LAST, FIRST, "channels_first", -1),
        (runs(4, (1, 2), (2, 1), (3, 3)), LAST, (1, 7, 9, 3), "channels_last", -1),  # exchanged
        (runs(3, (1, 1), (2, 2)), GREY, (1, 9, 7, 1), "channels_last", -1),
        (runs(3, (1, 2), (2, 3)), GREY, (1, 1, 9, 7), "channels_first", -1),
        (runs(4, (1, 1), (2, 3)), LAST, LAST, "channels_last", None),  # a column does not become one
        (runs(4, (1, 1), (2, 2), (3, 2)), LAST, LAST, "channels_last", None),  # channels are mixed into it
        (runs(4, (1, 1)), LAST, LAST, "channels_last", None),
        (runs(4, (2, 2)), (1, 1, 7, 3), (1, 1, 7, 3), "channels_last", -1),  # a single row
        (runs(4, (2, 2)), (1, 1, 7, 3), (1, 9, 7, 3), "channels_last", None),  # of which many were made
        (runs(4, (2, 2)), LAST, (1, 1, 7, 3), "channels_last", None),  # many rows, of which one was made
        (runs(4, (1, 1), (1, 2), (2, 2)), LAST, LAST, "channels_last", None),
    ],
)
def test_channels(courses, shape, read, data_format, axis):
    assert _channels(courses, shape, read, data_format) == axis


@pytest.mark.parametrize(
    ("courses", "rank", "axis", "expected"),
    [
        (runs(4, (1, 1), (2, 2), (3, 3)), 4, -1, -1),
        (runs(4, (2, 2), (3, 3)), 4, 1, 1),
        (runs(4, (2, 1), (3, 2)), 4, 1, -1),
        (runs(4, (1, 2), (2, 3)), 4, -1, 1),
        (runs(3, (1, 1), (2, 2), to=3), 3, -1, -1),
        (runs(4, (1, 1), (2, 2), to=3), 3, -1, -1),
        (runs(4, (1, 2), (2, 1)), 4, -1, None),  # turned
        (runs(4, (1, 1), (2, 3)), 4, -1, None),  # channels between rows and columns
        (runs(4, (1, 1)), 4, -1, None),
        (runs(4, (1, 1), (2, 1), (2, 2)), 4, -1, None),
        (runs(4, (1, 1), (2, 1)), 4, -1, None),
        (runs(4, (1, 1), (2, 2)), 4, None, None),
        (runs(4, (1, 1), to=2), 2, -1, None),
        (runs(4, (1, 1), (2, 2), to=5), 5, -1, None),
    ],
)
def test_channels_that_are_carried_on(courses, rank, axis, expected):
    assert carried(courses, rank, axis) == expected


def test_in_one_batch_each_input_changes_alone():
    leaves = [np.arange(12.0).reshape(2, 2, 3), np.array([[5.0], [6.0]]), np.arange(40.0).reshape(2, 4, 5)]
    slabs = {0: Slabs.of(leaves[0], (1, 2)), 2: Slabs.of(leaves[2], (1, 2))}
    first, beside, last = batch(slabs, leaves)
    assert len(first) == len(beside) == len(last) == 1 + 5 + 9
    np.testing.assert_array_equal(beside, np.full((15, 1), 5.0))
    np.testing.assert_array_equal(first[:6], slabs[0].rows)
    np.testing.assert_array_equal(first[6:], np.repeat(slabs[0].rows[:1], 9, 0))
    np.testing.assert_array_equal(last[[0]], slabs[2].rows[:1])
    np.testing.assert_array_equal(last[1:6], np.repeat(slabs[2].rows[:1], 5, 0))
    np.testing.assert_array_equal(last[6:], slabs[2].rows[1:])
