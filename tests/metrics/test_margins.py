import numpy as np
import pytest

from keras_saliency.metrics import border_enrichment, border_mask, corner_enrichment, corner_masks

BOTH = pytest.mark.parametrize("metric", [border_enrichment, corner_enrichment])


def test_masks_by_hand():
    picture = "\n".join("".join("#" if inside else "." for inside in row) for row in border_mask(6, 10, 0.2))
    assert picture == "\n".join(["##########"] + 4 * ["##......##"] + ["##########"])
    corners = corner_masks(6, 10, 0.2)
    assert list(corners) == ["top_left", "top_right", "bottom_left", "bottom_right"]
    assert [np.argwhere(mask).tolist() for mask in corners.values()] == [
        [[0, 0], [0, 1]],
        [[0, 8], [0, 9]],
        [[5, 0], [5, 1]],
        [[5, 8], [5, 9]],
    ]


@pytest.mark.parametrize("side", [1, 2, 3, 20, 96])
def test_every_size_has_a_border_and_its_corners_lie_in_it(side):
    border = border_mask(side, side)
    assert border.any()
    assert border.all() == (side <= 2)
    assert all(mask.any() and border[mask].all() for mask in corner_masks(side, side).values())


def test_by_hand():
    magnitude = np.zeros((2, 10, 10))
    magnitude[0, 0, 0], magnitude[0, 5, 5] = 3.0, 1.0
    magnitude[1, 0, 5] = 2.0
    # A border of one pixel has 36 of 100 pixels, the corners 4.
    np.testing.assert_allclose(border_enrichment(magnitude, 0.1), [0.75 / 0.36, 1 / 0.36])
    np.testing.assert_allclose(corner_enrichment(magnitude, 0.1), [0.75 / 0.04, 0.0])


@BOTH
def test_the_width_changes_the_result(metric):
    magnitude = np.random.default_rng(0).random((1, 20, 20))
    assert metric(magnitude, 0.1) != metric(magnitude, 0.3)


@BOTH
@pytest.mark.parametrize("width", [0.0, 0.5, -1.0, float("nan")])
def test_widths_out_of_range_are_refused(metric, width):
    with pytest.raises(ValueError, match=r"above 0 and below 0\.5.*width="):
        metric(np.ones((1, 8, 8)), width)


@BOTH
def test_channels_and_signed_maps_are_refused(metric):
    with pytest.raises(ValueError, match="reduce the channels first"):
        metric(np.ones((1, 8, 8, 3)))
    with pytest.raises(ValueError, match="never negative"):
        metric(-np.ones((1, 8, 8)))
