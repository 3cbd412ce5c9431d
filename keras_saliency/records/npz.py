"""Arrays and a description in one `.npz` file: written whole or not at all, read without unpickling."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from keras_saliency.errors import UnreadableFileError
from keras_saliency.records.whole_file import replacing

VERSION = 1
ABOUT = "about"


def write(
    path: str | Path, kind: str, arrays: Mapping[str, np.ndarray | None], about: Mapping[str, Any]
) -> None:
    """Write the arrays that are not None, and a JSON-ready description, to `path`; missing folders are made.

    Raises:
        OSError: the file cannot be written; what was there before is untouched.
        TypeError: an array holds Python objects.
    """
    described = json.dumps({**about, "kind": kind, "version": VERSION}).encode()
    stored: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    if objects := [name for name, array in stored.items() if array.dtype.hasobject]:
        raise TypeError(f"Expected arrays of numbers. Received: Python objects in {objects[0]!r}")
    stored[ABOUT] = np.frombuffer(described, "uint8")
    with replacing(path) as file:
        np.savez_compressed(file, **stored)


def read(path: str | Path, kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the description that `write` stored under this kind.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: another kind of file, a damaged one, or one by a newer version.
    """
    with refusing(f"{path} is no {kind} file of keras_saliency, or it is damaged."):
        arrays = _arrays(path)
        about = json.loads(arrays.pop(ABOUT).tobytes())
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
            return str(json.loads(file[ABOUT].tobytes())["kind"])
    except UnreadableFileError:
        return None


def names_in(path: str | Path) -> list[str]:
    """The names of the arrays in any `.npz`. Raises as `read_arrays`."""
    with refusing(f"{path} cannot be read as .npz."), _opened(path) as file:
        return list(file.files)


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays in any `.npz`.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: the file is not an `.npz`, is damaged, or holds Python objects.
    """
    with refusing(f"{path} cannot be read as .npz."):
        return _arrays(path)


def read_array(path: str | Path) -> np.ndarray:
    """The array in any `.npy`. Raises as `read_arrays`."""
    with refusing(f"{path} cannot be read as .npy."), Path(path).open("rb") as opened:
        return np.lib.format.read_array(opened, allow_pickle=False)


@contextmanager
def refusing(sentence: str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read, but that it is not there, into one `UnreadableFileError`."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:  # numpy, zipfile, zlib, json and Pillow raise a dozen kinds
        raise UnreadableFileError(sentence) from error


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    with _opened(path) as file:
        return {name: file[name] for name in file.files}


@contextmanager
def _opened(path: str | Path) -> Iterator[Any]:
    with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        yield file
