import numpy as np
import pytest

from keras_saliency.render import pictures


def grey(values):
    return pictures(values)[..., 0].tolist()


def test_uint8_is_taken_as_it_is():
    images = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    np.testing.assert_array_equal(pictures(images), images)


def test_dark_uint8_is_not_stretched():
    assert grey(np.array([[[0, 1]]], np.uint8)) == [[[0, 1]]]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        pytest.param([0.0, 0.5, 1.0], [0, 128, 255], id="within 0 and 1"),
        pytest.param([0.0, 1.4, 254.6], [0, 1, 255], id="within 0 and 255"),
        pytest.param([-1.0, 0.0, 1.0], [0, 128, 255], id="with a sign"),
        pytest.param([-300, 0, 300], [0, 128, 255], id="integers beyond"),
        pytest.param([-2.0, -2.0, -2.0], [128, 128, 128], id="constant beyond"),
        pytest.param([-1.7e308, 0.0, 1.7e308], [0, 128, 255], id="the whole range of floats"),
    ],
)
def test_value_ranges(values, shown):
    assert grey(np.array([[values]])) == [[shown]]


def test_the_range_is_that_of_the_whole_set():
    assert grey(np.array([[[-1.0, 0.0]], [[0.0, 1.0]]])) == [[[0, 128]], [[128, 255]]]


def test_channels_first(rng):
    images = rng.integers(0, 256, (2, 5, 4, 3)).astype(np.uint8)
    np.testing.assert_array_equal(pictures(np.moveaxis(images, -1, 1), channel_axis=1), images)


def test_four_channels_are_rgb_and_a_dropped_alpha():
    image = np.array([[[[10, 20, 30, 255]]]], np.float32)
    assert pictures(image).tolist() == [[[[10, 20, 30]]]]


def test_other_channels_are_a_grey_mean_that_does_not_wrap():
    assert pictures(np.full((1, 1, 1, 2), 250, np.uint8)).tolist() == [[[[250, 250, 250]]]]
    assert pictures(np.array([[[[200, 250, 255, 255, 40]]]], np.uint8)).tolist() == [[[[200, 200, 200]]]]


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 1)])
def test_one_channel_is_grey(shape):
    shown = pictures(np.ones(shape))
    assert shown.shape == (3, 4, 5, 3)
    assert shown.dtype == np.uint8
    assert (shown == 255).all()


def test_no_images():
    assert pictures(np.empty((0, 4, 5, 1))).shape == (0, 4, 5, 3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_is_an_error(value):
    with pytest.raises(ValueError, match="Expected images with finite values to draw"):
        pictures(np.array([[[0.0, value]]]))


@pytest.mark.parametrize(
    ("shape", "axis"), [((4, 5), -1), ((1, 4, 5, 3), 2), ((1, 1, 4, 5, 3), -1), ((1, 4, 5, 0), -1)]
)
def test_other_shapes_are_an_error(shape, axis):
    with pytest.raises(ValueError, match=r"Expected images \(n, height, width\).*channel_axis="):
        pictures(np.zeros(shape), channel_axis=axis)
