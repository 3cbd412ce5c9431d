import numpy as np
import pytest

from keras_saliency.render.outline import _LINE, _SHADOW, outline


def lines(shown, colour):
    return (shown == colour).all(axis=-1)


def test_a_corner_is_closed_along_the_edge():
    region = np.zeros((4, 4), bool)
    region[2:, 2:] = True
    shown = outline(np.full((2, 8, 8, 3), 50, np.uint8), region)
    inside = np.zeros((8, 8), bool)
    inside[4:, 4:] = True
    inside[5:7, 5:7] = False
    assert (lines(shown, _LINE) == inside).all()
    outside = np.zeros((8, 8), bool)
    outside[3, 4:] = outside[4:, 3] = True
    assert (lines(shown, _SHADOW) == outside).all()


def test_each_picture_may_have_its_own_region():
    regions = np.zeros((2, 4, 4), bool)
    regions[1] = True
    shown = outline(np.full((2, 4, 4, 3), 50, np.uint8), regions)
    assert not lines(shown[0], _LINE).any()
    assert lines(shown[1], _LINE).sum() == 12


def test_the_pictures_given_stay_as_they_are():
    pictures = np.full((1, 4, 4, 3), 50, np.uint8)
    outline(pictures, np.ones((4, 4), bool))
    assert (pictures == 50).all()


@pytest.mark.parametrize("region", [np.ones((4, 4)), np.ones(4, bool), np.ones((3, 4, 4), bool)])
def test_what_is_no_region_is_an_error(region):
    with pytest.raises(ValueError, match="Expected a boolean region"):
        outline(np.zeros((2, 4, 4, 3), np.uint8), region)
