"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def replace_file(path: Path, content: bytes) -> int:
    """Write a file that is there as a whole or not at all, with its folder; return its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
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
