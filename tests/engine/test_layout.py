"""Which inputs are images, and where their channels are: every rule in a table."""

import keras
import numpy as np
import pytest

from keras_saliency.engine.layout import (
    ExplainedImage,
    Layout,
    explained_image,
    find_channels,
    is_possible,
    way_out,
)


@pytest.mark.parametrize(
    ("shapes", "read", "given", "expected"),
    [
        ([(9, 7, 3)], {}, None, (-1,)),
        ([(9, 7, 3)], {}, 1, (1,)),
        ([(9, 7, 3)], {0: 1}, None, (1,)),
        ([(9, 7, 3)], {0: 1}, 1, (1,)),
        ([(9, 7, 3)], {0: None}, None, (None,)),
        ([(9, 7, 3)], {0: None}, 1, (1,)),  # whoever says so
        ([(9, 7)], {0: -1}, 1, (-1,)),
        ([(9, 7)], {}, None, (-1,)),
        ([(5,), (2, 3, 4, 5)], {}, None, (None, None)),
        ([(5,), (2, 3, 4, 5)], {}, -1, (None, None)),
        ([(30, 4), (3, 9, 7), (2,)], {0: None, 1: 1}, None, (None, 1, None)),
        ([(30, 4), (3, 9, 7), (2,)], {0: None, 1: 1}, 1, (None, 1, None)),
        ([(30, 4), (3, 9, 7), (2,)], {0: None, 1: None}, 1, (1, 1, None)),
        ([(9, 7, 5)], {}, None, (-1,)),
        ([(4, 7, 4)], {}, None, (-1,)),
    ],
)
def test_channels(shapes, read, given, expected):
    assert find_channels(shapes, "abc", read, given) == expected


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_shape_that_is_against_the_format_is_not_clear(channels):
    for shape, data_format in (((channels, 9, 5), "channels_last"), ((9, 5, channels), "channels_first")):
        keras.config.set_image_data_format(data_format)
        try:
            with pytest.raises(ValueError, match=r"not clear where the channels of 'a' \(n, "):
                find_channels([shape], "a", {}, None)
            turned = 1 if data_format == "channels_first" else -1
            assert find_channels([shape[::-1]], "a", {}, None) == (turned,)
        finally:
            keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize(("read", "given"), [(-1, 1), (1, -1)])
def test_another_axis_than_is_read(read, given):
    with pytest.raises(ValueError, match=rf"at axis {read} of the batch. Received: channel_axis={given}"):
        find_channels([(9, 7, 3)], "a", {0: read}, given)


@pytest.mark.parametrize(
    ("explained", "inputs", "image", "axis", "picture", "picture_axis"),
    [
        ((None, 1, -1), (None, None, -1), 1, 1, 2, -1),
        ((-1, 1), (1, -1), 0, -1, 0, 1),
        ((None,), (None,), None, -1, None, -1),
    ],
)
def test_the_first_image_counts(explained, inputs, image, axis, picture, picture_axis):
    layout = Layout(explained, inputs)
    assert (layout.image, layout.channel_axis) == (image, axis)
    assert (layout.picture, layout.picture_axis) == (picture, picture_axis)


@pytest.mark.parametrize(
    ("channels", "shapes", "expected"),
    [
        ((None, -1), [(5,), (9, 7, 3)], ExplainedImage(1, 9, 7, -1)),
        ((1,), [(3, 9, 7)], ExplainedImage(0, 9, 7, 1)),
        ((-1,), [(9, 7)], ExplainedImage(0, 9, 7, None)),
        ((None,), [(9, 7, 3)], None),
    ],
)
def test_the_image_that_is_explained(channels, shapes, expected):
    assert explained_image(Layout(channels, channels), shapes) == expected


@pytest.mark.parametrize(
    ("axis", "pixels", "shape"),
    [(None, (1, 2), (2, 9, 7)), (-1, (1, 2), (2, 9, 7, 1)), (1, (2, 3), (2, 1, 9, 7))],
)
def test_its_axes(axis, pixels, shape):
    image = ExplainedImage(0, 9, 7, axis)
    assert image.pixel_axes == pixels
    assert image.over_channels(np.ones((2, 9, 7))).shape == shape


@pytest.mark.parametrize(
    ("axis", "shape", "possible"),
    [
        *((axis, shape, True) for axis in (1, -1) for shape in ((9, 7), (9, 7, 3))),
        *((axis, (9, 7, 3), False) for axis in (0, 2, 3, True, 1.0, "1")),
        (1, (5,), False),
        (1, (2, 3, 4, 5), False),
        (None, (5,), True),
    ],
)
def test_where_channels_can_be(axis, shape, possible):
    assert is_possible(axis, shape) == possible


def test_there_is_a_way_out_where_something_may_be_an_image():
    assert way_out([(5,), (2, 3, 4, 5)]) == ""
    assert "channel_axis=1 says that they are" in way_out([(5,), (9, 7)])
    assert "channel_axis=1 says that they are" in way_out([(9, 7, 3)])
