"""Probes from any file that holds images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes.pictures import read_pictures
from keras_saliency.probes.probe_set import ProbeSet
from keras_saliency.records import npz

STORED = (".npz", ".npy")
"""How files end that hold what the model takes."""

_Read = TypeVar("_Read")


def load_probes(path: Path) -> ProbeSet:
    """A saved probe set, or one from an `.npz` with the arrays images and, where there are any, labels.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: it is neither.
    """
    if path.suffix != ".npz":
        raise UnreadableFileError(
            "Expected a probe set, an .npz file that ks.ProbeSet(…).save wrote; of pictures keras-saliency explain "
            f"writes one beside the maps, probes.npz. Received: {path}"
        )
    return _from_npz(path)


def load_images(
    paths: Sequence[Path],
    *,
    size: tuple[int, int] | None,
    scale: float,
    channels: int,
    channels_first: bool = False,
) -> ProbeSet:
    """Probes from a saved probe set, an array (`.npz` with the key `images`, `.npy`), pictures, or folders of them.

    Args:
        paths: one file or folder, or several pictures.
        size: height and width that pictures are resized to; None leaves them.
        scale: what the pixels of pictures, 0 … 255, are multiplied with; 1.0 keeps them uint8.
        channels: of pictures: 1 is grey, 3 colour.
        channels_first: whether these stand before height and width.

    Raises:
        FileNotFoundError: no such file, or no pictures in the folder.
        UnreadableFileError: a file is not what its name says.
        ValueError: pictures of several sizes, or what makes no probe set.
    """
    if len(paths) == 1 and paths[0].suffix == ".npz":
        return _from_npz(paths[0])
    if len(paths) == 1 and paths[0].suffix == ".npy":
        return ProbeSet(_there(paths[0], npz.read_array))
    fields = read_pictures(
        list(paths), size=size, scale=scale, channels=channels, channels_first=channels_first
    )
    return ProbeSet(**fields)


def _from_npz(path: Path) -> ProbeSet:
    names = _there(path, npz.names_in)
    if npz.ABOUT in names:
        return ProbeSet.load(path)
    if "images" not in names:
        raise UnreadableFileError(f"{path} has no array named images. It has: {', '.join(names)}")
    arrays = npz.read_arrays(path)
    return ProbeSet(arrays["images"], arrays.get("labels"))


def _there(path: Path, read: Callable[[Path], _Read]) -> _Read:
    try:
        return read(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"No such file: {path}") from None
