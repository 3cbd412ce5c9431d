"""Pictures from files and folders, opened without running anything that is in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits, npz

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
"""How the names of pictures end; in folders other files are passed over."""

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
"""What Pillow reads by itself: for some others, such as PostScript, it starts another program."""

_LYING = 5
"""From this orientation on, EXIF says that width and height change places."""


def is_path(thing: Any) -> bool:
    """Whether this is the path of a file or folder, or a list of paths."""
    if isinstance(thing, (list, tuple)):
        return bool(thing) and all(isinstance(one, (str, os.PathLike)) for one in thing)
    return isinstance(thing, (str, os.PathLike))


def read_pictures(
    paths: Any,
    *,
    size: tuple[int, int] | None = None,
    scale: float = 1.0,
    channels: int = 3,
    channels_first: bool = False,
) -> dict[str, Any]:
    """The fields of a probe set of pictures: images, names, display images; labels and class names, if there are any.

    Args:
        paths: a picture, a folder, or a list of both.
        size: height and width that pictures are resized to; None leaves them.
        scale: what the pixels, 0 … 255, are multiplied with; 1.0 keeps them uint8.
        channels: 1 is grey, 3 colour.
        channels_first: whether these stand before height and width in the images.

    Raises:
        FileNotFoundError: no such file or folder, or no pictures in it.
        UnreadableFileError: a file is no picture.
        ValueError: pictures of several sizes.
        TypeError: these are no paths.
    """
    if not is_path(paths):
        raise TypeError(
            f"Expected the path of a folder or a picture, or a list of them. Received: {type(paths).__name__}"
        )
    given = [local_path("path", path) for path in (paths if isinstance(paths, (list, tuple)) else [paths])]
    files, classes = files_in(given)
    named = [file.relative_to(given[0]).as_posix() if classes else file.name for file, _ in files]
    shown = _of_one_size([file for file, _ in files], size, channels)
    fields: dict[str, Any] = {
        "images": as_taken(shown, scale, channels_first=channels_first),
        "names": tuple(named),
        "display_images": shown,
    }
    if classes:
        fields["labels"] = np.array([label for _, label in files])
        fields["class_names"] = tuple(folder.name for folder in classes)
    return fields


def as_taken(shown: np.ndarray, scale: float, *, channels_first: bool) -> np.ndarray:
    """Pictures `(…, height, width, channels)` uint8 as a model takes them; see `read_pictures`."""
    scaled = shown if scale == 1.0 else (shown * np.float32(scale)).astype("float32")
    return np.moveaxis(scaled, -1, -3) if channels_first else scaled


def picture_sizes(paths: Sequence[Path]) -> list[tuple[int, int]]:
    """Height and width of each picture that `read_pictures` reads, as it stands upright, before it is resized."""
    sizes = []
    for file, _ in files_in(paths)[0]:
        with _opened(file) as image:
            lies = image.getexif().get(ExifTags.Base.Orientation, 1) >= _LYING
            sizes.append((image.width, image.height) if lies else (image.height, image.width))
    return sizes


def read_mask(path: Path, size: tuple[int, ...] | None, before: tuple[int, int] | None) -> np.ndarray:
    """A mask, `(height, width)` booleans, from a picture of two values: what is not black is inside.

    Args:
        path: the picture.
        size: height and width that the mask shall have; None: its own.
        before: another size that it may have, from which it is stretched.

    Raises:
        FileNotFoundError, UnreadableFileError: it cannot be read as a picture.
        ValueError: it has more than two values, transparent parts, or another size; or nothing of it is left when it
            is resized.
    """
    if not path.exists():
        raise FileNotFoundError(f"No such mask: {path}")
    with _opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        alpha = upright.convert("RGBA").getchannel("A") if upright.has_transparency_data else None
        mask = _eight_bits(upright).convert("L")
    if alpha is not None and alpha.getextrema() != (255, 255):
        raise ValueError(f"Expected a mask in black and white. Received: {path} with transparent parts")
    found, values = mask.size[::-1], np.unique(np.asarray(mask))
    if len(values) > 2 or (len(values) == 2 and values[0] != 0):
        shown = f"{len(values)} values, from {values[0]} to {values[-1]}"
        raise ValueError(f"Expected a mask of two values, black and another. Received: {path} with {shown}")
    if size is not None and found not in (tuple(size), before):
        wanted = " or ".join(f"{one[0]}x{one[1]}" for one in dict.fromkeys((before, tuple(size))) if one)
        raise ValueError(f"Expected a mask of {wanted}. Received: {path} of {found[0]}x{found[1]}")
    resized = mask if size is None else mask.resize((size[1], size[0]), Image.Resampling.NEAREST)
    inside = np.asarray(resized) > 0
    if values.any() and not inside.any():
        raise ValueError(
            f"Expected a mask that has a pixel left when it is resized to {inside.shape[0]}x{inside.shape[1]}: give it "
            f"in that size. Received: {path} of {found[0]}x{found[1]}"
        )
    return inside


def files_in(given: Sequence[Path]) -> tuple[list[tuple[Path, int]], list[Path]]:
    """The pictures, each with the number of its class or −1; and the folders of the classes, if there are any.

    Raises:
        FileNotFoundError: no such file or folder, or no pictures in it.
    """
    classes = _classes_in(given[0]) if len(given) == 1 else []
    if classes:
        return [
            (file, label) for label, folder in enumerate(classes) for file in _pictures_below(folder)
        ], classes
    return [(file, -1) for path in given for file in _pictures_in(path)], []


def _classes_in(folder: Path) -> list[Path]:
    """The subfolders, by name, of a folder that holds no picture itself; none where they hold no picture either."""
    if not folder.is_dir() or any(map(_is_picture, folder.iterdir())):
        return []
    found = [one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")]
    classes = sorted(found, key=lambda one: one.name)
    return classes if any(any(True for _ in _pictures_below(one)) for one in classes) else []


def _pictures_below(folder: Path) -> Iterator[Path]:
    """The pictures in a folder and the folders in it, as Keras orders them."""
    for below, _, names in sorted(os.walk(folder)):
        yield from filter(_is_picture, (Path(below, name) for name in sorted(names)))


def _pictures_in(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"No such file or folder: {path}")
    if not path.is_dir():
        return [path]
    found = sorted(filter(_is_picture, path.iterdir()))
    if not found:
        raise FileNotFoundError(f"No pictures ({', '.join(PICTURES)}) in the folder {path}")
    return found


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.is_dir()


def _of_one_size(files: Sequence[Path], size: tuple[int, int] | None, channels: int) -> np.ndarray:
    pictures = [read_picture(file, size, channels) for file in files]
    shapes = {picture.shape: file for picture, file in zip(pictures, files, strict=True)}
    if len(shapes) > 1:
        raise ValueError(
            "Expected pictures of one size: give size=(height, width), or --resize HEIGHTxWIDTH on the command line. "
            f"Received: {_listed(shapes.items())}"
        )
    return np.stack(pictures)


def _listed(shapes: Iterable[tuple[tuple[int, ...], Path]]) -> str:
    return ", ".join(f"{file.name} of {shape[0]}x{shape[1]}" for shape, file in list(shapes)[:3])


def read_picture(path: Path, size: tuple[int, int] | None, channels: int) -> np.ndarray:
    """One picture, `(height, width, channels)` uint8; see `read_pictures`, also for what it raises."""
    with _opened(path) as image:
        upright = _eight_bits(ImageOps.exif_transpose(image))
        picture = upright.convert("L" if channels == 1 else "RGB")
        if size is not None:
            picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        array = np.asarray(picture)
    return array[..., None] if channels == 1 else array


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """A picture of a size that memory can hold; what is wrong with it is an `UnreadableFileError`."""
    with (
        npz.refusing(f"{path} cannot be read as {path.suffix or 'a picture'}."),
        Image.open(path, formats=_FORMATS) as image,
    ):
        pixels, stored = image.width * image.height, path.stat().st_size
        limits.check_unfolding(f"the pixels of {path}", pixels, stored, limits.PIXELS_FREELY, limits.PIXELS)
        if image.mode == "F":
            raise UnreadableFileError(
                f"{path} holds floating-point numbers, and nothing says how bright they are. Give them as an array."
            )
        yield image


def _eight_bits(image: Image.Image) -> Image.Image:
    """The picture with 8 bits a channel; of 16 bits the upper 8, where Pillow would make all above 255 white."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
