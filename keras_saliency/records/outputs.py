"""What may be written where: no output takes the place of an input, of another output or of somebody else's file."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class OutputFile:
    """A file that is to be written.

    Attributes:
        path: where.
        what: what people call it, such as `"The JSON report"`.
        is_ours: whether a file is an earlier one of this kind, which may be replaced.
    """

    path: Path
    what: str
    is_ours: Callable[[Path], bool]

    @property
    def is_stream(self) -> bool:
        """Whether it goes into a pipe or a device, which replaces nothing."""
        return self.path.is_fifo() or self.path.is_char_device()

    @property
    def is_earlier(self) -> bool:
        """Whether there is an earlier one."""
        return self.path.is_file() and self.path.stat().st_size > 0 and self.is_ours(self.path)


def begins_with(start: str) -> Callable[[Path], bool]:
    """Tells a file of ours by how it begins."""

    def is_ours(path: Path) -> bool:
        with path.open("rb") as file:
            return file.read(len(start.encode())) == start.encode()

    return is_ours


def check_outputs(outputs: Iterable[OutputFile], inputs: Iterable[tuple[str, Path]]) -> None:
    """Do nothing if every output may be written. Nothing is written here.

    Files are the same also by way of links, and two new names that differ in case alone are, as on some systems.

    Args:
        outputs: what is to be written. An empty file may be in its place, or an earlier one of its kind.
        inputs: what is read, with what people call it. Nothing may be written directly in a folder of them.

    Raises:
        ValueError: an output is an input, or another output.
        FileExistsError: a file is there that we did not write.
        IsADirectoryError, NotADirectoryError: a folder is in its place, or a file in the place of a folder above it.
        OSError: what is there cannot be read.
    """
    taken = list(inputs)
    for output in outputs:
        if output.is_stream:
            continue
        refusal = f"{output.what} cannot be written to {output.path}"
        for what, path in taken:
            if _is_same(output.path, path):
                raise ValueError(f"{refusal}, the path of {what}: give it another path.")
            if path.is_dir() and _is_same(output.path.parent, path):
                raise ValueError(f"{refusal}, in the folder of {what}: give it another folder.")
        _check_place(output, refusal)
        taken.append((f"{output.what[:1].lower()}{output.what[1:]}", output.path))


def _check_place(output: OutputFile, refusal: str) -> None:
    if output.path.is_dir():
        raise IsADirectoryError(f"Expected a file to write. {refusal}, which is a folder.")
    above = next(folder for folder in Path(os.path.realpath(output.path)).parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{refusal}: {above} is no folder.")
    if output.path.exists() and output.path.stat().st_size and not output.is_earlier:
        raise FileExistsError(
            f"{refusal}: the file that is there was not written as one. Give it another path, or remove the file."
        )


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() or other.exists():
        return one.exists() and other.exists() and os.path.samefile(one, other)
    return _folded(one) == _folded(other)


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()
