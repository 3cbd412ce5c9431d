"""A model from a file, opened without running anything that is in it."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits, npz
from keras_saliency.records.json_text import parse_json


def load_model(path: str | Path, imports: Iterable[str] = ()) -> Any:
    """The model in a file, in Keras' safe mode, with its loss and without its optimizer and metrics.

    Args:
        path: the file.
        imports: modules that register custom layers, installed ones or from the current folder.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: Keras cannot load it, and the sentence says what to do; or it declares to unfold to far
            more than its size. The weights, which are a file in the file, are Keras' own to read.
    """
    path = local_path("path", path)
    if not path.exists():
        raise FileNotFoundError(f"No such model: {path}")
    with _current_folder_importable():
        for module in imports:
            import_module(module)
    try:
        if zipfile.is_zipfile(path):
            with path.open("rb") as file:
                npz.check_zip(path, file)
        return read_model(path)
    except UnreadableFileError:
        raise
    except Exception as error:
        raise UnreadableFileError(f"{path} cannot be loaded: {_advice(path, str(error))}") from error


def read_model(path: Path, *, safe_mode: bool = True) -> Any:
    """The model in a file, with its loss and without its optimizer and metrics; what Keras says of it, it raises."""
    import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=safe_mode)
    model.loss = _loss(path)
    return model


@contextmanager
def _current_folder_importable() -> Iterator[None]:
    """As with `python -m`: an installed command has its own folder there instead."""
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _advice(path: Path, said: str) -> str:
    if "unsafe" in said or "safe_mode" in said:
        return "it holds Python code (a Lambda layer), which is not run. Replace the Lambda by a layer."
    if (version := _keras_version(path)).startswith("2."):
        return (
            f"it was written by Keras {version} (tf_keras), and Keras 3 cannot read it. Build the model in Keras 3, "
            "load its weights there, and save it as a .keras file."
        )
    if "Could not locate" in said or "Unknown" in said:
        return f"{_first_line(said)} Name the module that registers it: --import MODULE."
    if path.is_dir():
        return "it is a folder, as a SavedModel is. Save the model as a .keras file."
    return _first_line(said)


def _loss(path: Path) -> Any:
    """The loss that a .keras file was compiled with; None where there is none, or one that is not known here."""
    import keras

    try:
        return keras.saving.deserialize_keras_object(_part(path, "config.json")["compile_config"]["loss"])
    except Exception:  # a loss of the user's own, say: the model is loaded as well
        return None


def _keras_version(path: Path) -> str:
    """The version of Keras that wrote a .keras file; empty if it does not say."""
    try:
        return str(_part(path, "metadata.json")["keras_version"])
    except Exception:  # whatever it is, Keras has said already that it cannot read it
        return ""


def _part(path: Path, name: str) -> Any:
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        return parse_json(file.read(limits.CONFIG))


def _first_line(said: str) -> str:
    return next((line.strip() for line in said.splitlines() if line.strip()), "no reason given")
