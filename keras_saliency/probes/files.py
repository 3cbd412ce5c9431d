"""Images from files, opened without running anything that is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import ProbeSet
from keras_saliency.records import limits, npz

PICTURES = (".png", ".jpg", ".jpeg")

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
"""What Pillow reads by itself: for some others, such as PostScript, it starts another program."""

_Read = TypeVar("_Read")


def load_probes(path: Path) -> ProbeSet:
    """A saved probe set, or one from an `.npz` with the arrays images and, where there are any, labels.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: it is neither.
    """
    if path.suffix != ".npz":
        raise UnreadableFileError(
            f"Expected a probe set, an .npz file that ks.ProbeSet(…).save wrote. Received: {path}"
        )
    return _from_npz(path)


def load_images(
    paths: Sequence[Path], *, size: tuple[int, int] | None, scale: float, channels: int
) -> ProbeSet:
    """Probes from a saved probe set, an array (`.npz` with the key `images`, `.npy`), pictures, or a folder of them.

    Args:
        paths: one file or folder, or several pictures.
        size: height and width that pictures are resized to; None leaves them.
        scale: what the pixels of pictures, 0 … 255, are multiplied with; 1.0 keeps them uint8.
        channels: of pictures: 1 is grey, all else colour.

    Raises:
        FileNotFoundError: no such file, or no pictures in the folder.
        UnreadableFileError: a file is not what its name says.
        ValueError: pictures of several sizes, or what makes no probe set.
    """
    if len(paths) == 1 and paths[0].suffix == ".npz":
        return _from_npz(paths[0])
    if len(paths) == 1 and paths[0].suffix == ".npy":
        return ProbeSet(_there(paths[0], npz.read_array))
    files = [file for path in paths for file in _pictures_in(path)]
    pictures = [_picture(file, size, channels) for file in files]
    if len({picture.shape for picture in pictures}) > 1:
        raise ValueError("Expected pictures of one size: give --resize HEIGHTxWIDTH.")
    shown = np.stack(pictures)
    eaten = shown if scale == 1.0 else (shown * np.float32(scale)).astype("float32")
    return ProbeSet(eaten, names=tuple(file.name for file in files), display_images=shown)


def _from_npz(path: Path) -> ProbeSet:
    names = _there(path, npz.names_in)
    if npz.ABOUT in names:
        return ProbeSet.load(path)
    if "images" not in names:
        raise UnreadableFileError(f"{path} has no array named images. It has: {', '.join(names)}")
    arrays = npz.read_arrays(path)
    return ProbeSet(arrays["images"], arrays.get("labels"))


def _pictures_in(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"No such file or folder: {path}")
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
    if not found:
        raise FileNotFoundError(f"No pictures ({', '.join(PICTURES)}) in the folder {path}")
    return found


def _picture(path: Path, size: tuple[int, int] | None, channels: int) -> np.ndarray:
    with (
        npz.refusing(f"{path} cannot be read as {path.suffix or 'a picture'}."),
        Image.open(path, formats=_FORMATS) as image,
    ):
        pixels, stored = image.width * image.height, path.stat().st_size
        limits.check_unfolding(f"the pixels of {path}", pixels, stored, limits.PIXELS_FREELY, limits.PIXELS)
        picture = _eight_bits(image).convert("L" if channels == 1 else "RGB")
        if size is not None:
            picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        array = np.asarray(picture)
    return array[..., None] if channels == 1 else array


def _eight_bits(image: Image.Image) -> Image.Image:
    """The picture with 8 bits a channel; of 16 bits the upper 8, where Pillow would make all above 255 white."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))


def _there(path: Path, read: Callable[[Path], _Read]) -> _Read:
    try:
        return read(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"No such file: {path}") from None
