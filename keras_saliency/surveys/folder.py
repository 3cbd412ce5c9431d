"""The folder of a survey: who may write there, and whether what is there can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from keras_saliency.errors import UnreadableFileError, UnwritableFolderError
from keras_saliency.records import limits
from keras_saliency.records.json_text import parse_json
from keras_saliency.records.whole_file import replace_file
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.survey import ABOUT, Survey, read_columns
from keras_saliency.surveys.table import TABLE

PARTS, SETTINGS = "parts", "settings.json"


class Work:
    """A survey under way in a folder.

    Attributes:
        folder: where it is.
        settings: how it is made, by name.
        parts: what was measured.
        finished: the survey that is there already, made with the same settings; None: it is not finished.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], finished: Survey | None) -> None:
        self.folder, self.finished = folder, finished
        self.parts = Parts(folder / PARTS)
        self.settings = settings

    @property
    def known(self) -> dict[str, str]:
        """The keys of the examples that were measured before, by their ids."""
        if self.finished is None:
            return self.parts.done
        columns = read_columns(self.folder / TABLE, ["id", "key"])
        return dict(zip(columns["id"].tolist(), columns["key"].tolist(), strict=True))

    def end(self) -> None:
        """Remove what only a survey under way needs, and what one that was killed left."""
        self.parts.remove()
        for unfinished in self.folder.glob(".*.unfinished"):
            unfinished.unlink(missing_ok=True)
        (self.folder / PARTS / SETTINGS).unlink(missing_ok=True)


@contextmanager
def working_in(folder: Path, settings: Mapping[str, Any]) -> Iterator[Work]:
    """Work on a survey with these settings in a folder, alone.

    Raises:
        FileExistsError: the folder holds something else.
        ValueError: it holds a survey with other settings.
        UnwritableFolderError: another process works on it.
        OSError: it cannot be written.
    """
    home = folder / PARTS
    refuse_other_things(folder)
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UnwritableFolderError(
            f"Another process is at work on the survey in {folder}. Wait for it, or choose another folder."
        ) from None
    try:
        finished = Survey.load(folder) if (folder / ABOUT).exists() else None
        file = home / SETTINGS
        before = finished.settings if finished else _read(file) if file.exists() else None
        if before is not None:
            _refuse_other_settings(folder, before, settings)
        else:
            replace_file(file, json.dumps(settings, indent=1).encode())
        yield Work(folder, settings, finished)
    finally:
        lock.release()
        if not any(path.name != ".lock" for path in home.iterdir()):
            (home / ".lock").unlink(missing_ok=True)
            home.rmdir()


def described(value: Any) -> Any:
    """A setting, JSON-ready: the same for the same. Functions are told by their names, arrays by a hash."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str} {value.shape} {sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if is_dataclass(value) and not isinstance(value, type):
        named = {one.name: getattr(value, one.name) for one in fields(value)}
        return {type(value).__name__: described(named)}
    if isinstance(value, Mapping):
        return {str(name): described(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [described(one) for one in value]
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or isinstance(plain, (bool, int, float, str)):
        return plain
    return f"{type(value).__name__} {getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return dict(parse_json(limits.read_at_most(file, limits.HEADER)))
    except ValueError as error:
        raise UnreadableFileError(f"{file} is damaged. Choose another folder, or delete it.") from error


def refuse_other_things(folder: Path) -> None:
    """Do nothing if a survey may be written into a folder; raises as `working_in`."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"Expected out to be a folder. Received: {folder}, which is a file.")
    is_ours = (folder / ABOUT).exists() or (folder / PARTS).is_dir()
    if folder.exists() and not is_ours and any(folder.iterdir()):
        raise FileExistsError(
            f"Expected a folder that is empty, or one that ks.survey wrote. Received: {folder}, with other files"
        )


def _refuse_other_settings(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name in [*now, *before]:
        if before.get(name) != now.get(name):
            raise ValueError(
                f"The survey in {folder} was made with another {name}: {_short(before.get(name))}. Choose another "
                f"folder, or delete it. Received: {_short(now.get(name))}"
            )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
