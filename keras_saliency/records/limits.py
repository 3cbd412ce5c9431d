"""The most that readers take, whatever a file claims; each is many times what this package writes.

A gzip or zip stream unfolds up to a thousandfold. What is small when unfolded may do so, as masks and maps of zeros do;
what is large must come from a file that is not much smaller.
"""

from __future__ import annotations

from pathlib import Path

from keras_saliency.errors import UnreadableFileError

RATIO = 100
"""How many times its size something large may unfold to. Maps, pictures and images unfold two- to twentyfold."""

HEADER = 2**24
"""Bytes of JSON in one record or description: 256 names of 64 kB, or 50 numbers of each of 10 000 probes."""

HEADER_FREELY = 2**22
"""Bytes of it that may be there at any ratio: all numbers alike, of 5000 probes."""

RECORD = 2**30
"""Bytes of the arrays in one record: all four views of 20 000 probes at 112 pixels a side."""

RECORD_FREELY = 2**27
"""Bytes of them that may be there at any ratio: maps of 5000 probes that are all zero."""

EVENT = 2**30
"""Bytes of one event: a look at 5000 probes by ten methods, with its sheets. Above 2 GiB it is no protocol buffer."""

EVENT_BESIDE = 2**21
"""Bytes of an event beside its records, texts and pictures: 5000 points of curves with a description each."""

ARRAYS_FREELY = 2**26
"""Bytes of arrays in one `.npz` that may be there at any ratio: masks of 1000 images of 224 pixels a side."""

PIXELS = 10**8
"""Pixels of one picture: those of the largest cameras. Pillow alone warns and goes on, up to 1.8 · 10⁸."""

PIXELS_FREELY = 2**24
"""Pixels that may be there at any ratio: a white page at 400 dots per inch."""

TEXT = 2**25
"""Bytes of a report. A report of twenty checks with pictures has one."""

CONFIG = 2**20
"""Bytes of a config, which people write by hand."""

DEPTH = 64
"""Lists and tables within one another in JSON. Ours has five; Python's own functions end at a few hundred."""

CONTAINERS = 10**5
"""Lists and tables in one JSON document. Empty ones unfold to thirty times their text in memory."""


def check_unfolding(what: str, size: int, stored: int, freely: int, most: int | None = None) -> None:
    """Do nothing if something may unfold to `size` from `stored`, both in bytes, or in pixels from bytes.

    Raises:
        UnreadableFileError: it may not.
    """
    if most is not None and size > most:
        raise UnreadableFileError(f"Expected {what} of at most {most} when unfolded. Received: {size}")
    if size > freely and size > RATIO * stored:
        raise UnreadableFileError(
            f"Expected {what} to unfold to at most {RATIO} times what is stored, or to {freely}. "
            f"Received: {size} from {stored}"
        )


def read_at_most(path: str | Path, most: int) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it cannot be opened.
        UnreadableFileError: it has more than `most` bytes.
    """
    with Path(path).open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise UnreadableFileError(f"Expected {path} to have at most {most} bytes. Received: more")
    return content
