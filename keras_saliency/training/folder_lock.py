"""One writer in a folder."""

from __future__ import annotations

import errno
import gc
import math
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from keras_saliency.errors import UnwritableFolderError

LOCK = ".lock"
"""The name of the file that is locked."""

_NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}
_owners: dict[str, FolderLock] = {}
"""Who writes in a folder, of this process; by the folder's own path, whatever links lead there."""


class FolderLock:
    """Keeps others from writing in a folder: other processes, where the file system has locks, and this one.

    Within a process the later one takes a folder over, as an abandoned `fit` must not shut out the next. So whoever
    is about to write asks whether the folder still `is_held`. A folder that is kept is not taken over.

    Attributes:
        folder: the folder.
        is_locked: whether other processes are kept out.
    """

    def __init__(self, folder: Path) -> None:
        self._path = Path(os.path.realpath(folder), LOCK)
        self._lock = FileLock(
            self._path, timeout=0, thread_local=False, is_singleton=True, fallback_to_soft=False
        )
        self.folder, self.is_locked = folder, False
        self._is_kept, self._taken = False, 0.0

    @property
    def is_held(self) -> bool:
        """Whether nobody else of this process writes in the folder."""
        return _owners.get(str(self._path)) is self

    def acquire(self, *, since: float = math.inf) -> bool:
        """Take the folder, and say whether it could be had: another process may have it, or somebody in this one.

        Args:
            since: when the training began, by `time.monotonic()`: who took the folder since then is no abandoned one,
                but another callback of the same `fit`.

        Raises:
            UnwritableFolderError: something else is in the place of the lock.
            OSError: the lock cannot be written.
        """
        if self._is_anothers(since):
            gc.collect()  # a callback that is gone may not have been noticed yet
        if self._is_anothers(since):
            return False
        self._refuse_what_is_no_lock()
        try:
            self._lock.acquire()
            self.is_locked = True
        except Timeout:
            return False
        except NotImplementedError:
            pass  # no locks here
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        _owners[str(self._path)], self._taken = self, time.monotonic()
        return True

    def keep(self) -> None:
        """Let nobody of this process take the folder over until it is given back."""
        self._is_kept = True

    def release(self) -> None:
        """Give the folder back. Calling it twice does no harm."""
        self._is_kept = False
        if self.is_held:
            del _owners[str(self._path)]
        if self.is_locked:
            self.is_locked = False
            with suppress(OSError):
                self._lock.release()

    def _is_anothers(self, since: float) -> bool:
        owner = _owners.get(str(self._path))
        return owner is not None and owner is not self and (owner._is_kept or owner._taken >= since)

    def _refuse_what_is_no_lock(self) -> None:
        """A folder would switch the lock off, a link would lock something else."""
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(self._path.lstat().st_mode):
                raise UnwritableFolderError(
                    f"Expected {self._path} to be a file, which keeps two trainings from writing in one folder. "
                    "Remove what is there, or choose another log_dir."
                )


def shared(folder: Path) -> UnwritableFolderError:
    """The error for a folder that was taken over."""
    return UnwritableFolderError(
        f"Something else writes its looks to {folder} too. Give each callback a log_dir of its own, or run=."
    )
