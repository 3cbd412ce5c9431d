"""Files that are there as a whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from keras_saliency.arguments import local_path


@contextmanager
def replacing(path: str | Path, *, follow: bool = True) -> Iterator[IO[bytes]]:
    """A file to write into, which takes the place of `path` at the end of the block, or not at all after an error.

    Missing folders are made, the permissions are those that `open` gives, and a link at `path` stays one. Several
    processes may do this at once: each writes a file of its own. A pipe or a device is written into as it is.
    Where links are not to be followed, whatever is at `path` gives way, and what a link pointed to stays.

    Raises:
        ValueError: it is an address, such as `gs://bucket/file`.
        OSError: it cannot be written; what was there before is untouched, also after a power cut.
    """
    path = local_path("path", path)
    if follow and path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path)) if follow else path
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{secrets.token_hex(8)}.unfinished")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.is_file() and not target.is_symlink():
            shutil.copymode(target, unfinished)
        os.replace(unfinished, target)
    except OSError as error:
        if error.filename is not None:  # people know the file by its own name
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def replace_file(path: str | Path, content: bytes, *, follow: bool = True) -> int:
    """Write a whole file as `replacing` does; return its bytes."""
    with replacing(path, follow=follow) as file:
        file.write(content)
    return len(content)


def append(path: Path, content: bytes) -> int:
    """Add to the end of a file, all or nothing; return the bytes.

    Raises:
        OSError: it cannot be written, or is no file of its own: a link, a pipe, a device.
    """
    with open(path, "ab", buffering=0, opener=_open_no_link) as file:
        append_all(file, content)
    return len(content)


def last_byte(path: Path) -> bytes:
    """The last byte of a file; none where it is empty or missing. Raises `OSError` as `append`."""
    try:
        with open(path, "rb", opener=_open_no_link) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            return file.read(1)
    except FileNotFoundError:
        return b""


def _open_no_link(path: str, flags: int) -> int:
    """Open a file, and nothing else: a link may lead anywhere, and a pipe would let its opener wait."""
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileExistsError(errno.EEXIST, "Not a file", path)
    return descriptor


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
