"""A picture shows the image, and the map over it, or the map alone."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from keras_saliency.render import overlay, sequential
from keras_saliency.surveys.page.pictures import draw, format_of


def opened(data):
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def test_a_small_image_is_enlarged_beside_its_map():
    image = np.zeros((1, 28, 28, 3), "uint8")
    image[0, 5:20, 9:12] = 200
    heat = np.zeros((1, 28, 28))
    heat[0, :7, :7] = 3.0
    (data,) = draw(heat, image)
    picture = opened(data)
    assert picture.shape == (112, 112 + 2 + 112, 3)
    np.testing.assert_array_equal(picture[::4, :112:4], image[0])
    np.testing.assert_array_equal(picture[::4, 114::4], overlay(image, heat / 3.0)[0])


def test_a_large_photograph_with_a_coarse_map():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (2, 300, 150, 3), "uint8")
    heat = np.zeros((2, 8, 4))
    heat[:, 0, 0] = 1
    for data in draw(heat, image):
        picture = opened(data)
        assert picture.shape == (112, 56 + 2 + 56, 3)
        hot, cold = picture[:10, 58:68].astype(int), picture[-10:, 58:68].astype(int)
        assert (hot[..., 0] - hot[..., 2]).mean() > 50
        assert abs((cold[..., 0] - cold[..., 2]).mean()) < 20  # grey


def test_without_images_the_map_alone():
    heat = np.random.default_rng(0).random((3, 14, 14))
    for data, one in zip(draw(heat), heat, strict=True):
        picture = opened(data)
        assert picture.shape == (112, 112, 3)
        np.testing.assert_array_equal(
            picture[::8, ::8], sequential(np.clip(one / np.quantile(one, 0.995), 0, 1))
        )


@pytest.mark.parametrize("kind", ["noise", "plain"])
def test_the_smaller_of_two_formats(kind):
    image = np.random.default_rng(0).integers(0, 256, (1, 112, 112, 3), "uint8")
    image = image if kind == "noise" else np.zeros_like(image)
    (data,) = draw(np.ones((1, 4, 4)), image)
    assert data.startswith(b"\xff\xd8" if kind == "noise" else b"\x89PNG")
    read = Image.open(BytesIO(data)).get_format_mimetype()
    assert (format_of(data).mime, format_of(data).ending) == (read, ".jpg" if kind == "noise" else ".png")
