"""One writer in a folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from keras_saliency.errors import UnwritableFolderError


class FolderLock:
    """Keeps other processes from writing in a folder, where the file system has locks; it ends with the process."""

    def __init__(self, folder: Path) -> None:
        # One lock for all logbooks of this process: an abandoned `fit` must not shut out the next one.
        self._lock = FileLock(folder.absolute() / ".lock", timeout=0, thread_local=False, is_singleton=True)
        self._folder, self._held = folder, False

    def acquire(self) -> None:
        """Take the lock. Raises `UnwritableFolderError` if another process has it."""
        try:
            self._lock.acquire()
        except Timeout:
            raise shared(self._folder) from None
        except (NotImplementedError, OSError):
            return  # no locks here
        self._held = True

    def release(self) -> None:
        """Give the lock back. Calling it twice does no harm."""
        if self._held:
            self._held = False
            with suppress(OSError):
                self._lock.release()


def shared(folder: Path) -> UnwritableFolderError:
    """The error for a folder that another process writes in."""
    return UnwritableFolderError(
        f"Something else writes its looks to {folder} too. Give each callback a log_dir of its own."
    )
