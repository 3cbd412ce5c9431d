"""Writers show looks somewhere: in TensorBoard, as plain files, or at full precision in an archive."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from keras_saliency.looks.writers.archive import ArchiveWriter
from keras_saliency.looks.writers.base import Run, Writer
from keras_saliency.looks.writers.folder import FolderWriter
from keras_saliency.looks.writers.tensorboard import TensorBoardWriter

__all__ = [
    "ArchiveWriter",
    "FolderWriter",
    "Run",
    "TensorBoardWriter",
    "Writer",
    "make_writer",
    "writer_names",
]

_GROUP = "keras_saliency.writers"
_WRITERS: dict[str, Callable[[], Writer]] = {
    "archive": ArchiveWriter,
    "folder": FolderWriter,
    "tensorboard": TensorBoardWriter,
}


def writer_names() -> list[str]:
    """The names that `make_writer` knows, with those of the entry points `keras_saliency.writers`."""
    return sorted(_WRITERS.keys() | _installed().keys())


def make_writer(writer: str | Writer) -> Writer:
    """A new writer by its name; a writer comes back as it is.

    Raises:
        ValueError: no writer has that name.
        TypeError: it is neither a name nor a writer.
    """
    if not isinstance(writer, str):
        return _checked(writer)
    if writer in _WRITERS:
        return _WRITERS[writer]()
    if (found := _installed().get(writer)) is not None:
        return _checked(found.load()())
    raise ValueError(_unknown(writer))


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=_GROUP)}


def _checked(writer: Writer) -> Writer:
    if isinstance(writer, type) or not all(
        callable(getattr(writer, role, None)) for role in ("open", "write", "close")
    ):
        raise TypeError(
            f"Expected a writer's name ({', '.join(writer_names())}) or an object with open, write and "
            f"close. Received: writer={writer!r}"
        )
    return writer


def _unknown(name: str) -> str:
    names = writer_names()
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"No writer named {name!r}.{hint} Writers: {', '.join(names)}. Received: writer={name!r}"
