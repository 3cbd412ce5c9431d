import matplotlib
import numpy as np
import pytest

from keras_saliency.render import NOT_FINITE, diverging, sequential


def lightness(colours):
    linear = np.where(
        colours / 255 <= 0.04045, colours / 255 / 12.92, ((colours / 255 + 0.055) / 1.055) ** 2.4
    )
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


def test_sequential_is_inferno():
    """Straight between eight of its colours: the same at these, near it elsewhere."""
    values = np.linspace(0, 1, 256)
    apart = np.abs(sequential(values) - matplotlib.colormaps["inferno"](values)[:, :3] * 255)
    assert apart[np.rint(np.linspace(0, 255, 8)).astype(int)].max() <= 0.5
    assert apart.mean() < 3
    assert apart.max() < 24


def test_zero_is_exactly_white():
    assert diverging(np.array([0.0, -0.0])).tolist() == [[255] * 3] * 2


def test_only_zero_is_white():
    smallest = np.array([-1 / 255, 1 / 255])
    assert (diverging(smallest) < 255).any(axis=-1).all()


def test_positive_is_red_and_negative_blue():
    (blue, red) = diverging(np.array([-1.0, 1.0])).astype(int)
    assert red[0] > red[1] + 100
    assert red[0] > red[2] + 100
    assert blue[2] > blue[0] + 100


def test_both_signs_are_equally_light():
    values = np.linspace(0, 1, 256)
    np.testing.assert_allclose(lightness(diverging(values)), lightness(diverging(-values)), atol=6)


def test_diverging_darkens_away_from_zero():
    for sign in (1, -1):
        assert (np.diff(lightness(diverging(sign * np.linspace(0, 1, 60)))) < 0).all()


def test_sequential_brightens_all_the_way():
    steps = np.diff(lightness(sequential(np.linspace(0, 1, 60))))
    assert (steps > 0).all()
    assert sequential(np.array(0.0)).max() < 10


@pytest.mark.parametrize("colours", [sequential, diverging])
def test_beyond_is_clipped_and_never_wraps(colours):
    np.testing.assert_array_equal(
        colours(np.array([1.0001, 2.0, 1e9])), np.repeat(colours(np.array([1.0])), 3, 0)
    )
    np.testing.assert_array_equal(colours(np.array([-2.0, -1e9])), np.repeat(colours(np.array([-1.0])), 2, 0))


@pytest.mark.parametrize("colours", [sequential, diverging])
def test_not_finite_has_its_own_colour(colours):
    shown = colours(np.array([np.nan, np.inf, -np.inf, 0.5]))
    assert shown[:3].tolist() == [list(NOT_FINITE)] * 3
    assert shown[3].tolist() == colours(np.array(0.5)).tolist()
    regular = colours(np.linspace(-1, 1, 1001)).astype(int)
    assert np.abs(regular - NOT_FINITE).sum(axis=-1).min() > 100


@pytest.mark.parametrize("colours", [sequential, diverging])
def test_shape_and_type(colours):
    shown = colours(np.zeros((2, 3, 4), np.float32))
    assert shown.shape == (2, 3, 4, 3)
    assert shown.dtype == np.uint8
