import numpy as np
import pytest

from keras_saliency import metrics
from keras_saliency.metrics import ranks, rows
from keras_saliency.metrics.rows import as_magnitude_rows, as_rows, quotient, shares, spatial_shares


def test_rows_flatten_everything_behind_the_first_axis():
    maps = np.arange(24, dtype=np.float32).reshape(2, 2, 3, 2)
    np.testing.assert_array_equal(as_rows(maps), np.arange(24.0).reshape(2, 12))


def test_rows_are_a_copy():
    maps = np.array([[1.0, np.inf]])
    as_rows(maps)
    np.testing.assert_array_equal(maps, [[1.0, np.inf]])


def test_a_map_that_is_not_finite_is_all_nan():
    rows = as_rows(np.array([[1.0, np.inf], [1.0, 2.0], [np.nan, 0.0]]))
    np.testing.assert_array_equal(rows, [[np.nan, np.nan], [1.0, 2.0], [np.nan, np.nan]])


@pytest.mark.parametrize("shape", [(), (3,), (3, 0), (3, 4, 0)])
def test_arrays_without_pixels_are_refused(shape):
    with pytest.raises(ValueError, match=r"Expected maps of shape \(n, …\).*Received: shape=\("):
        as_rows(np.zeros(shape))


def test_negative_magnitudes_are_refused():
    with pytest.raises(ValueError, match=r"never negative.*Received: a minimum of -0\.5"):
        as_magnitude_rows(np.array([[1.0, -0.5], [np.nan, 0.0]]))


def test_negative_zero_is_a_magnitude():
    np.testing.assert_array_equal(as_magnitude_rows(np.array([[-0.0, 1.0]])), [[0.0, 1.0]])


def test_shares():
    magnitude = np.array([[1.0, 3.0], [0.0, 0.0], [np.inf, 1.0], [0.0, 1e-320]])
    expected = [[0.25, 0.75], [np.nan, np.nan], [np.nan, np.nan], [0.0, 1.0]]
    np.testing.assert_array_equal(shares(magnitude), expected)


def test_shares_of_the_largest_floats():
    np.testing.assert_array_equal(shares(np.full((1, 4), np.finfo(np.float64).max)), np.full((1, 4), 0.25))


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 4, 3)])
def test_spatial_shares_need_image_axes(shape):
    with pytest.raises(
        ValueError, match=r"\(n, height, width\); reduce the channels first\. Received: shape="
    ):
        spatial_shares(np.ones(shape))


def test_quotient_names_its_zero_case():
    np.testing.assert_array_equal(
        quotient(np.array([1.0, 0.0, 3.0]), np.array([2.0, 0.0, 0.0])), [0.5, np.nan, np.nan]
    )
    np.testing.assert_array_equal(quotient(np.ones(2), 0.0), [np.nan, np.nan])


@pytest.mark.parametrize("name", [name for name, metric in metrics.NUMBERS.items()])
def test_numbers_in_blocks_are_those_of_all_at_once(name, monkeypatch):
    maps = np.random.default_rng(0).normal(size=(55, 17, 13)).astype(np.float32)
    maps[4], maps[5, 0, 0] = 0, np.inf
    other = maps[::-1].copy()
    given = {"maps": (maps,), "magnitude": (abs(maps), abs(other)), "ranked": (ranks(maps), ranks(other))}
    metric = metrics.NUMBERS[name]
    arrays = given[metric.needs[0]][: len(metric.needs)]
    monkeypatch.setattr(rows, "_BLOCK", 100)
    np.testing.assert_array_equal(rows.in_blocks(metric.function, *arrays), metric.function(*arrays))
