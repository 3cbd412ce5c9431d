"""How much of a disk the looks may take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from keras_saliency.arguments import whole

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_UNITS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?|[KMGT]i)B?\s*")


class DiskBudget:
    """Says which looks are written, so that a folder never takes more than `most` bytes.

    While less than half of the budget is used, every look is written; then every second until three quarters, every
    fourth until seven eighths, and so on: there is always room left. None is written once a look as large as the
    largest one would not fit.

    Args:
        most: a number of bytes, a text such as `"200 MB"` or `"1.5GiB"`, or None for no limit.

    Raises:
        ValueError: it is none of these, or not positive.
    """

    def __init__(self, most: int | str | None) -> None:
        self._given = most
        self._most = None if most is None else _as_bytes(most)
        self._used = self._largest = self._passed = 0

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit at all."""
        return self._most is not None

    def open(self, folder: Path) -> None:
        """Start with what is in a folder already."""
        self._largest = self._passed = 0
        self.count(folder)

    def count(self, folder: Path) -> None:
        """See how much is used."""
        self._used = 0 if self._most is None else _bytes_in(folder)

    def require(self, size: int, what: str) -> None:
        """Raise `ValueError` if the whole budget is less than this size, which `what` takes."""
        if self._most is not None and size > self._most:
            raise ValueError(
                f"Expected max_disk to hold the probes and one look. {what} {size / 1000:.1f} kB. "
                f"Received: max_disk={self._given!r}"
            )

    def fits(self, size: int) -> bool:
        """Whether so many bytes more stay within the budget; if not, no looks as large are granted."""
        if self._most is None or self._used + size <= self._most:
            return True
        self._largest = max(self._largest, size)
        return False

    @property
    def interval(self) -> int | None:
        """Every n-th look is written now; None where no look is."""
        if self._most is None:
            return 1
        left = self._most - self._used
        if left < max(self._largest, 1):
            return None
        return 1 << (self._most // left).bit_length() - 1

    def grants(self) -> bool:
        """Whether one more look is to be written."""
        self._passed += 1
        return self.interval is not None and self._passed >= self.interval

    def spend(self, written: int) -> None:
        """A look of so many bytes was written."""
        self._used += written
        self._largest = max(self._largest, written)
        self._passed = 0


def _as_bytes(size: Any) -> int:
    found = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if found and (number := int(float(found[1]) * _UNITS[found[2]])) > 0:
        return number
    return whole("max_disk", size, 1, otherwise='a text such as "200 MB", or None')


def _bytes_in(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
