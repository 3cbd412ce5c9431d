"""How far images are from what they have in common, and how much farther others are, in closed form."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.likeness import distances, distinctness, least

COLUMNS = np.array([[5.0, 8.0], [1.0, 4.0], [3.0, 6.0], [2.0, 7.0]])


@pytest.mark.parametrize(
    ("share", "expected"), [(0.25, [1, 4]), (0.26, [2, 6]), (0.5, [2, 6]), (0.75, [3, 7]), (1, [5, 8])]
)
def test_the_least_value_that_a_share_of_the_rows_does_not_exceed(share, expected):
    assert least(COLUMNS, share).tolist() == expected
    assert least(COLUMNS[:1], share).tolist() == [5, 8]


def test_three_quarters_of_both():
    # Three of four of the class are at most 3 and 7 away, three of four others at least 20 and 6.
    others = np.array([[90.0, 6.0], [20.0, 7.0], [30.0, 8.0], [1.0, 5.0], [0.0, 90.0]])
    np.testing.assert_allclose(distinctness(COLUMNS, others, 1.0), [1 / (3 + 1), 6 / (7 + 1)])
    np.testing.assert_allclose(distinctness(COLUMNS, others[:4], [1.0, 3.0]), [1 / (3 + 1), 5 / (7 + 3)])
    np.testing.assert_allclose(distinctness(COLUMNS[:1], others[:3], 0.0), [20 / 5, 6 / 8])


def test_no_distance_at_all_is_no_division_by_0():
    assert distinctness(np.zeros((2, 1)), np.ones((2, 1)), 0.0) == pytest.approx([1e12])


def test_a_distance_is_the_root_mean_square_over_the_channels():
    images, common = np.random.default_rng(0).random((2, 3, 4, 5)), np.random.default_rng(1).random((3, 4, 5))
    expected = np.linalg.norm(images - common, axis=-1) / np.sqrt(5)
    np.testing.assert_allclose(distances(images, common), expected, rtol=1e-12)


def test_a_distance_from_what_is_not_known_is_not_known():
    images = np.ones((1, 1, 2, 2))
    images[0, 0, 0, 1] = np.nan
    assert np.isnan(distances(images, np.zeros((1, 2, 2)))).tolist() == [[[True, False]]]
