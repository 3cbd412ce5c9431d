import numpy as np
import pytest

from keras_saliency.render.heatmaps import VIEWS, heatmap

MAPS = np.array([[[[1.0, -3.0, 0.5], [-1.0, -2.0, -0.5]]]])  # (1, 1, 2, 3)
EXPECTED = {
    "magnitude": [[[3.0, 2.0]]],
    "positive": [[[1.0, 0.0]]],
    "negative": [[[3.0, 2.0]]],
    "signed": [[[-1.5, -3.5]]],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("channel_axis", [-1, 1])
def test_every_view_of_channels(view, channel_axis):
    maps = MAPS if channel_axis == -1 else np.moveaxis(MAPS, -1, 1)
    found = heatmap(maps, view, channel_axis)
    np.testing.assert_array_equal(found, EXPECTED[view])
    assert found.dtype == "float32"


@pytest.mark.parametrize(
    ("view", "expected"),
    [("magnitude", [1, 3]), ("positive", [1, 0]), ("negative", [0, 3]), ("signed", [1, -3])],
)
@pytest.mark.parametrize("channel_axis", [-1, 1])
def test_every_view_without_channels(view, expected, channel_axis):
    found = heatmap(np.array([[[1.0, -3.0]]], "float32"), view, channel_axis)
    np.testing.assert_array_equal(found, [[expected]])


def test_not_a_number_is_not_painted_over():
    assert all(np.isnan(heatmap(np.full((1, 1, 1, 2), np.nan), view, -1)).all() for view in VIEWS)


def test_the_maps_stay_as_they_are():
    before = MAPS.copy()
    for view in VIEWS:
        heatmap(MAPS, view, -1)
    np.testing.assert_array_equal(before, MAPS)


def test_unknown_views_are_refused():
    with pytest.raises(ValueError, match="Expected view to be one of 'magnitude', .* Received: 'absolute'"):
        heatmap(MAPS, "absolute", -1)


@pytest.mark.parametrize("shape", [(3, 4), (3,), (2, 3, 4, 4, 1)])
def test_only_images_have_heatmaps(shape):
    with pytest.raises(ValueError, match=r"Heatmaps are for images: .* Received: shape=\("):
        heatmap(np.ones(shape), "signed", -1)
