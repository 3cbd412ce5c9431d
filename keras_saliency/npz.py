"""Arrays and a description in one `.npz` file: written whole or not at all, read without unpickling."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_saliency.errors import UnreadableFileError

VERSION = 1
_ABOUT = "about"


def write(
    path: str | Path, kind: str, arrays: Mapping[str, np.ndarray | None], about: Mapping[str, Any]
) -> None:
    """Write the arrays that are not None, and a JSON-ready description, to `path`.

    Raises:
        OSError: the file cannot be written; what was there before is untouched.
        TypeError: an array holds Python objects.
    """
    described = json.dumps({**about, "kind": kind, "version": VERSION}).encode()
    stored: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    if objects := [name for name, array in stored.items() if array.dtype.hasobject]:
        raise TypeError(f"Expected arrays of numbers. Received: Python objects in {objects[0]!r}")
    stored[_ABOUT] = np.frombuffer(described, "uint8")
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, **stored)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: str | Path, kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the description that `write` stored under this kind.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: another kind of file, a damaged one, or one by a newer version.
    """
    try:
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays.pop(_ABOUT).tobytes())
        found, version = str(about["kind"]), int(about["version"])
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:  # numpy, zipfile, zlib and json raise a dozen kinds
        raise UnreadableFileError(f"{path} is no {kind} file of keras_saliency, or it is damaged.") from error
    if found != kind:
        raise UnreadableFileError(f"{path} is no {kind} file of keras_saliency but a {found} file.")
    if version > VERSION:
        raise UnreadableFileError(
            f"{path} was written by a newer keras_saliency (format {version}; this one reads up to {VERSION})."
        )
    return arrays, about
