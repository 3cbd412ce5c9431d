"""What sets a class apart as a whole."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.casts import cast_of, whole_numbers

LEVELS = np.array([0.4, 0.5, 0.6, 0.45, 0.55, 0.5])


def images_of(levels):
    return np.broadcast_to(np.asarray(levels, "float32")[:, None, None, None], (len(levels), 4, 4, 1))


@pytest.mark.parametrize(("own", "is_found"), [([0.9] * 4, True), ([0.6, 0.5, 0.4, 0.55], False)])
def test_a_class_that_is_far_from_all_others(own, is_found):
    levels, classes = [*LEVELS, *LEVELS, *own], np.repeat([0, 1, 2], [6, 6, 4])
    found = cast_of(whole_numbers(images_of(levels)), classes, 2)
    assert (found is not None) == is_found
    assert found is None or found.words == "the brightness"
    assert cast_of(whole_numbers(images_of(levels)), classes, 0) is None


def test_of_two_classes_none_is_the_usual_one():
    levels, classes = [*LEVELS, *[0.9] * 4], np.repeat([0, 1], [6, 4])
    assert cast_of(whole_numbers(images_of(levels)), classes, 1) is None
    three = cast_of(whole_numbers(images_of([*LEVELS, *levels])), np.repeat([2, 0, 1], [6, 6, 4]), 1)
    assert three is not None


def test_three_images_are_too_few():
    levels, classes = [*LEVELS, *LEVELS, *[0.9] * 3], np.repeat([0, 1, 2], [6, 6, 3])
    assert cast_of(whole_numbers(images_of(levels)), classes, 2) is None


def test_others_must_be_five_times_as_far():
    # Others lie at −1 and 1, with a floor of 0.1; the class at its centre, 0.5 up and down.
    classes = np.repeat([0, 1, 2], [4, 4, 4])
    for centre, expected in ((5.0, 4 / 0.6), (4.3, 3.3 / 0.6), (3.9, None)):
        values = np.array([-1, 1, -1, 1] * 2 + [centre - 0.5, centre + 0.5] * 2)
        found = cast_of({"a number": values}, classes, 2)
        assert (found and found.distinctness) == (expected and pytest.approx(expected, rel=1e-4))


def test_the_strongest_of_several_numbers_is_named():
    classes = np.repeat([0, 1, 2], [4, 4, 4])
    near, far = (np.array([-1, 1, -1, 1] * 2 + [centre - 0.5, centre + 0.5] * 2) for centre in (5.0, 6.0))
    for numbers in ({"near": near, "far": far}, {"far": far, "near": near}):
        assert cast_of(numbers, classes, 2).words == "far"


def test_numbers_of_an_image_as_a_whole():
    # Three channels of 2 × 5 pixels: 0 to 9 each, times 1, 2 and 4.
    image = np.arange(10.0).reshape(2, 5, 1) * np.array([1, 2, 4])
    images = np.stack([image, image / 2 + 0.5])
    found = whole_numbers(images)
    for index, values in enumerate(images):
        plain = {
            "the brightness": values.mean(),
            "the contrast": values.std(),
            "the dark values": np.quantile(values, 0.1),
            "the bright values": np.quantile(values, 0.9),
            "red against green": np.log(values[..., 0].mean() / values[..., 1].mean()),
            "blue against green": np.log(values[..., 2].mean() / values[..., 1].mean()),
        }
        assert {name: numbers[index] for name, numbers in found.items()} == pytest.approx(plain)


def test_colours_where_values_are_negative_or_a_channel_is_black():
    images = np.ones((2, 4, 4, 3)) * np.array([0.5, 0.25, 0])
    dark = whole_numbers(images)["blue against green"]
    np.testing.assert_allclose(dark, np.log(1e-6 * 0.5 / 0.25))
    assert whole_numbers(np.zeros((2, 4, 4, 3)))["blue against green"].tolist() == [0, 0]
    np.testing.assert_allclose(whole_numbers(images - 0.5)["blue against green"], [-0.25, -0.25])
    np.testing.assert_allclose(whole_numbers(images - 0.5)["red against green"], [0.25, 0.25])


@pytest.mark.parametrize(
    ("channels", "colours"),
    [(1, set()), (2, {(0, 1)}), (4, {(0, 2), (1, 2), (3, 2)}), (5, {(0, 2), (1, 2), (3, 2), (4, 2)})],
)
def test_channels_without_a_name(channels, colours):
    found = whole_numbers(np.random.default_rng(0).random((2, 4, 4, channels)))
    expected = {f"channel {index} against channel {middle}" for index, middle in colours}
    assert {name for name in found if "against" in name} == expected


@pytest.mark.parametrize(("height", "width", "step"), [(4, 4, 1), (128, 128, 2), (127, 129, 1), (64, 256, 2)])
def test_of_large_images_some_4096_pixels_are_sorted(height, width, step):
    images = np.random.default_rng(0).random((2, height, width, 1))
    for name, share in (("the dark values", 0.1), ("the bright values", 0.9)):
        expected = np.quantile(images[:, ::step, ::step], share, axis=(1, 2, 3))
        np.testing.assert_allclose(whole_numbers(images)[name], expected)
