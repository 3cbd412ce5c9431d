"""Names of files, and files that are there as a whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import IO

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|%\ud800-\udfff]|^[. ]|[. ]$')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=\.|$)", re.IGNORECASE)
_LONGEST = 200
"""Bytes of a name, of the 255 that file systems take: endings and marks of unfinished files need some."""


def step_name(step: int) -> str:
    """`step_000012`: names that sort by step, also for step −1."""
    return f"step_{step:06d}"


def file_name(name: str) -> str:
    """The name as that of a file, in any system. Different names stay different.

    Characters that some system refuses are percent-encoded, so is the first one of a reserved name such as `nul`;
    what is too long ends with a hash of the whole; nothing at all is `%`.
    """
    safe = _UNSAFE.sub(_encoded, name) or "%"
    if _RESERVED.match(safe):
        safe = _encoded(safe) + safe[1:]
    content = safe.encode()
    if len(content) <= _LONGEST:
        return safe
    digest = hashlib.sha256(content).hexdigest()
    return f"{content[: _LONGEST - len(digest) - 1].decode(errors='ignore')}%{digest}"


def _encoded(found: re.Match[str] | str) -> str:
    return f"%{ord(found[0]):02x}"


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
