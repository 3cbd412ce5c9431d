"""Pictures as PNG and JPEG files in memory."""

import zlib
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COMPRESS_LEVEL = 2


def to_png(picture: NDArray[np.uint8]) -> bytes:
    """The PNG file of one picture `(height, width, 3)` uint8, lossless.

    Written without the filters between neighbouring pixels that Pillow tries on every row: sheets are plain
    areas and repeated pixels, where these take more than twice as long and do not make the file smaller.
    """
    _check(picture)
    height, width, _ = picture.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = picture.reshape(height, -1)
    head = np.array([width, height], ">u4").tobytes() + bytes([8, 2, 0, 0, 0])  # 8 bits, RGB, not interlaced
    data = zlib.compress(rows.data, _COMPRESS_LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def to_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """The JPEG file of one picture `(height, width, 3)` uint8; colours keep the full resolution.

    For photographs beside maps of as fine a grain: a quarter of the PNG's bytes in a sixth of its time.
    """
    _check(picture)
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=75, subsampling=0)
    return file.getvalue()


def from_png(data: bytes) -> NDArray[np.uint8]:
    """The picture `(height, width, 3)` uint8 in a PNG file, whatever its size. Raises as `png_pixels`."""
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        return np.asarray(image.convert("RGB"))


def png_pixels(data: bytes) -> int:
    """How many pixels a PNG file claims, without making them.

    Raises:
        Exception: it is no PNG file; Pillow raises half a dozen kinds.
    """
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        return image.width * image.height


def _check(picture: NDArray[np.uint8]) -> None:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] != 3 or 0 in picture.shape:
        raise ValueError(
            "Expected one uint8 picture (height, width, 3). "
            f"Received: dtype={picture.dtype}, shape={picture.shape}"
        )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
