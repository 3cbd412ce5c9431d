"""Files that have a size without taking the room: what was never written reads as zeros, gigabytes of them at once."""

from __future__ import annotations

import os
from typing import IO


def is_hollow(file: IO[bytes], length: int) -> bool:
    """Whether some of the next `length` bytes of a file were never written; False where a file system does not know."""
    here = file.tell()
    try:
        return hasattr(os, "SEEK_HOLE") and file.seek(here, os.SEEK_HOLE) < here + length
    except OSError:
        return False
    finally:
        file.seek(here)
