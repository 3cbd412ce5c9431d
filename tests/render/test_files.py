import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from keras_saliency.render import from_png, to_jpeg, to_png


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 300, 3), (400, 7, 3)])
def test_there_and_back(rng, shape):
    picture = rng.integers(0, 256, shape).astype(np.uint8)
    np.testing.assert_array_equal(from_png(to_png(picture)), picture)


def test_a_view_is_written_like_its_copy(rng):
    picture = rng.integers(0, 256, (8, 9, 3)).astype(np.uint8)
    assert to_png(picture[::-1, ::2]) == to_png(picture[::-1, ::2].copy())


def test_the_file_is_a_complete_png():
    data = to_png(np.zeros((4, 6, 3), np.uint8))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data[16:26] == bytes([0, 0, 0, 6, 0, 0, 0, 4, 8, 2])
    assert data.endswith(b"\0\0\0\0IEND" + zlib.crc32(b"IEND").to_bytes(4, "big"))


def test_colours_beside_each_other_do_not_mix_in_a_jpeg():
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[16:48, 16:32], picture[16:48, 32:48] = (
        (178, 24, 43),
        (33, 102, 172),
    )  # the ends of the signed colours
    data = to_jpeg(picture)
    found = np.asarray(Image.open(BytesIO(data))).astype(int)
    assert data.startswith(b"\xff\xd8\xff")
    assert np.abs(found - picture).max() <= 40
    np.testing.assert_array_equal(found[:8], 255)


@pytest.mark.parametrize("write", [to_png, to_jpeg])
@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_an_error(write, picture):
    with pytest.raises(
        ValueError, match=r"Expected one uint8 picture \(height, width, 3\)\. Received: dtype="
    ):
        write(picture)


def test_what_is_no_png_is_an_error():
    with pytest.raises(OSError, match="cannot identify image file"):
        from_png(b"no picture")
