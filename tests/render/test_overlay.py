import numpy as np
import pytest

from keras_saliency.render import NOT_FINITE, overlay, sequential


def test_where_the_map_is_zero_the_input_is_grey():
    shown = overlay(np.array([[[[0, 0, 0], [255, 0, 0], [255, 255, 255]]]], np.uint8), np.zeros((1, 1, 3)))
    assert (shown == shown[..., :1]).all()
    assert (np.diff(shown[0, 0, :, 0].astype(int)) > 0).all()


def test_the_map_is_seen_on_black_and_on_white():
    for level in (0, 255):
        shown = overlay(np.full((1, 1, 2, 3), level, np.uint8), np.array([[[0.0, 1.0]]])).astype(int)
        assert np.abs(shown[0, 0, 1] - sequential(np.array(1.0))).max() < 20
        assert np.abs(shown[0, 0, 1] - shown[0, 0, 0]).max() > 80


def test_not_finite_covers_the_input():
    shown = overlay(np.full((1, 1, 2, 3), 99, np.uint8), np.array([[[np.nan, np.inf]]]))
    assert shown.tolist() == [[[list(NOT_FINITE)] * 2]]


def test_sizes_must_agree():
    with pytest.raises(ValueError, match=r"same number and size.*\(1, 4, 4, 3\).*\(1, 2, 2\)"):
        overlay(np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 2, 2)))
