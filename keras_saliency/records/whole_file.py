"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """A file to write into, which takes the place of `path` at the end of the block, or not at all after an error.

    Missing folders are made, the permissions are those that `open` gives, and a link at `path` stays one. Several
    processes may do this at once: each writes a file of its own. A pipe or a device is written into as it is.

    Raises:
        OSError: it cannot be written; what was there before is untouched, also after a power cut.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{secrets.token_hex(8)}.unfinished")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, unfinished)
        os.replace(unfinished, target)
    except OSError as error:
        if error.filename is not None:  # people know the file by its own name
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def replace_file(path: str | Path, content: bytes) -> int:
    """Write a whole file as `replacing` does; return its bytes."""
    with replacing(path) as file:
        file.write(content)
    return len(content)


def append(path: Path, text: str) -> int:
    """Add lines to a file, all or none; return their bytes."""
    content = text.encode("utf-8", "replace")
    with path.open("ab", buffering=0) as file:
        append_all(file, content)
    return len(content)


def append_all(file: IO[bytes], content: bytes) -> None:
    """Write all or nothing at the end of an unbuffered file, which may take less at once than it is given."""
    before, rest = file.tell(), memoryview(content)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except BaseException:
        file.truncate(before)
        file.seek(before)
        raise
