"""Names of files, and files that are there as a whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|%]|^\.|[. ]$')


def step_name(step: int) -> str:
    """`step_000012`: names that sort by step, also for step −1."""
    return f"step_{step:06d}"


def file_name(name: str) -> str:
    """The name, with what some file system refuses percent-encoded. Different names stay different."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02x}", name)


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
    """Add lines to a file in one go; return their bytes."""
    content = text.encode()
    with path.open("ab") as file:
        file.write(content)
    return len(content)
