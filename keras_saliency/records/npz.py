"""Arrays and a description in one `.npz` file: written whole or not at all, read without unpickling."""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits
from keras_saliency.records.holes import is_hollow
from keras_saliency.records.json_text import parse_json
from keras_saliency.records.whole_file import replacing

VERSION = 2
"""The newest format that is read: 2 is a probe set with a mask that is empty for some images, all else is 1."""
ABOUT = "about"

_LONGEST_HEADER = 10_000


def write(
    path: str | Path,
    kind: str,
    arrays: Mapping[str, np.ndarray | None],
    about: Mapping[str, Any],
    *,
    version: int = 1,
) -> None:
    """Write the arrays that are not None, and a JSON-ready description, to `path`; missing folders are made.

    What would unfold to more than readers take from so small a file, as many images of zeros do, is not compressed.

    Raises:
        OSError: the file cannot be written; what was there before is untouched.
        TypeError: an array holds Python objects.
        ValueError: the description is larger than readers take.
    """
    described = json.dumps({**about, "kind": kind, "version": version}).encode()
    if len(described) > limits.HEADER:
        raise ValueError(
            f"Expected names and words of at most {limits.HEADER} bytes. Received: {len(described)} bytes"
        )
    stored: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    if objects := [name for name, array in stored.items() if array.dtype.hasobject]:
        raise TypeError(f"Expected arrays of numbers. Received: Python objects in {objects[0]!r}")
    stored[ABOUT] = np.frombuffer(described, "uint8")
    with replacing(path) as file:
        np.savez_compressed(file, **stored)
        if file.seekable() and _unfolds_far(stored, file.tell()):
            file.seek(0)
            file.truncate()
            np.savez(file, **stored)


def _unfolds_far(stored: Mapping[str, np.ndarray], size: int) -> bool:
    """Whether readers might not take these arrays from a file of so many bytes."""
    unfolded = sum(array.nbytes + _LONGEST_HEADER for array in stored.values())
    return unfolded > limits.ARRAYS_FREELY and unfolded > limits.RATIO * size


def read(path: str | Path, kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the description that `write` stored under this kind.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: another kind of file, a damaged one, or one by a newer version.
    """
    path = local_path("path", path)
    with refusing(f"{path} is no {kind} file of keras_saliency, or it is damaged."):
        arrays = _arrays(path)
        about = _about(arrays.pop(ABOUT))
        found, version = str(about["kind"]), int(about["version"])
    if found != kind:
        raise UnreadableFileError(f"{path} is no {kind} file of keras_saliency but a {found} file.")
    if version > VERSION:
        raise UnreadableFileError(
            f"{path} was written by a newer keras_saliency (format {version}; this one reads up to {VERSION})."
        )
    return arrays, about


def kind_of(path: str | Path) -> str | None:
    """The kind under which `write` stored this file; None for a file by anybody else, or a damaged one.

    Raises:
        OSError: it cannot be opened.
    """
    try:
        with refusing(""), _opened(path) as file:
            member = _members(file)[ABOUT]
            with file.open(member) as opened:
                return str(_about(_array(opened, member.file_size))["kind"])
    except UnreadableFileError:
        return None


def names_in(path: str | Path) -> list[str]:
    """The names of the arrays in any `.npz`. Raises as `read_arrays`."""
    path = local_path("path", path)
    with refusing(f"{path} cannot be read as .npz."), _opened(path) as file:
        return list(_members(file))


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays in any `.npz`.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: the file is not an `.npz`, is damaged, or holds Python objects.
    """
    path = local_path("path", path)
    with refusing(f"{path} cannot be read as .npz."):
        return _arrays(path)


def read_array(path: str | Path) -> np.ndarray:
    """The array in any `.npy`. Raises as `read_arrays`."""
    with refusing(f"{path} cannot be read as .npy."), _written(path) as opened:
        return _array(opened, os.fstat(opened.fileno()).st_size)


def check_zip(path: str | Path, file: IO[bytes]) -> None:
    """Do nothing if what a zip file declares may be unfolded.

    Raises:
        UnreadableFileError: it may not; the sentence names the path.
        Exception: it is no zip file.
    """
    with zipfile.ZipFile(file) as opened:
        declared = sum(member.file_size for member in opened.infolist())
    stored = os.fstat(file.fileno()).st_size
    limits.check_unfolding(f"the content of {path}", declared, stored, limits.ARRAYS_FREELY)


@contextmanager
def refusing(sentence: str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read, but that it is not there, into one `UnreadableFileError`."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError, UnreadableFileError):
        raise
    except Exception as error:  # numpy, zipfile, zlib, json and Pillow raise a dozen kinds
        raise UnreadableFileError(sentence) from error


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    arrays = {}
    with _opened(path) as file:
        for name, member in _members(file).items():
            with file.open(member) as opened:
                arrays[name] = _array(opened, member.file_size)
    return arrays


@contextmanager
def _opened(path: str | Path) -> Iterator[zipfile.ZipFile]:
    with _written(path) as opened:
        check_zip(path, opened)
        with zipfile.ZipFile(opened) as file:
            yield file


@contextmanager
def _written(path: str | Path) -> Iterator[IO[bytes]]:
    """A file, open. Raises `UnreadableFileError` if it is large and parts of it were never written."""
    with Path(path).open("rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        if size > limits.ARRAYS_FREELY and is_hollow(opened, size):
            raise UnreadableFileError(f"{path} claims {size} bytes, and parts of it were never written.")
        yield opened


def _members(file: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by the names of their arrays."""
    return {member.filename.removesuffix(".npy"): member for member in file.infolist()}


def _array(file: IO[bytes], size: int) -> np.ndarray:
    """The array in an `.npy` of so many bytes, which numpy makes room for as soon as the header claims it."""
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[np.lib.format.read_magic(file)]
    shape, _, dtype = read_header(file)
    claimed = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or dtype.itemsize == 0 or any(n < 0 for n in shape) or claimed > size - file.tell():
        raise ValueError(f"no array of {size} bytes: dtype={dtype}, shape={shape}")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def _about(stored: np.ndarray) -> dict[str, Any]:
    if stored.nbytes > limits.HEADER:
        raise ValueError(f"a description of {stored.nbytes} bytes")
    return dict(parse_json(stored.tobytes()))
