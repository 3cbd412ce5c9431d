"""Names of files that are safe on every system."""

from __future__ import annotations

import hashlib
import re

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
    what is too long ends with a hash of the whole; an empty name is `%`.
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
