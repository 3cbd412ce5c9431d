"""Which run a training writes to: one of its own, or that of the training that it goes on with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

import numpy as np

from keras_saliency.looks.event_file import event_files
from keras_saliency.looks.look import Look
from keras_saliency.looks.reading import outer_looks, run_folders
from keras_saliency.records import run_folder, run_number
from keras_saliency.training.folder_lock import LOCK, FolderLock

_SAME = 1e-3
"""How far two scores of one network may be apart, as a share of their size: machines round differently."""


@dataclass(frozen=True)
class Opening:
    """What tells which training begins.

    Attributes:
        scores: `(n,)`, of the probes at the opening look.
        methods: the names of the methods.
        fingerprint: of the probes.
        epoch: of the opening look, the one before the first; None where batches or steps are counted.
        step: of the first look in a loop of your own.
        every: how many epochs lie between two looks that are written; None where that is not known.
        is_named: whether the run to go on with was named.
        needs_proof: whether only a proven run will do: the callback looked at another network before, or is a copy of
            one, as tuners make for each trial.
    """

    scores: np.ndarray
    methods: frozenset[str]
    fingerprint: str
    epoch: int | None = None
    step: int | None = None
    every: int | None = None
    is_named: bool = False
    needs_proof: bool = False

    def goes_on_after(self, last: Look) -> bool | None:
        """Whether this training goes on after the last look of a run; None where that is possible and not proven.

        It is proven by the scores, where the look is that of the same moment.
        """
        if not self.methods & last.methods.keys():
            return False
        if self.is_named and not self.needs_proof:
            return True
        gap = self._since(last)
        if gap is None or gap == 0:
            return self.sees_as(last) or (None if gap is None else False)
        if self.step is not None:
            return None if gap > 0 else False
        # After a kill before the last epoch was backed up that one is repeated.
        return None if gap >= -1 and (self.every is None or gap < self.every) else False

    def continues(self, last: Look, *, is_later: bool) -> bool:
        """Whether this training goes on after a look that the same callback took of the same model.

        Args:
            last: the look.
            is_later: whether the training begins later than at its first epoch or step.
        """
        if not is_later:
            return self.sees_as(last)
        gap = self._since(last)
        return gap is None or gap >= (-1 if self.step is None else 0)

    def sees_as(self, last: Look) -> bool:
        """Whether the scores are those of a look, so that the network may be the same one."""
        seen = last.methods.get(min(self.methods & last.methods.keys(), default=""))
        return seen is not None and _alike(self.scores, seen.scores)

    def _since(self, last: Look) -> int | None:
        """Epochs or steps since a look; None where that is not known."""
        if self.step is not None:
            return self.step - last.step
        return None if self.epoch is None or last.epoch is None else self.epoch - last.epoch


@dataclass(frozen=True)
class Earlier:
    """A run that is gone on with.

    Attributes:
        folder: the run's.
        outer: its first and last look; None where they cannot be read back.
    """

    folder: Path
    outer: tuple[Look, Look] | None


class Runs:
    """The runs of one `log_dir`: its folders `saliency`, `saliency_2`, …

    Args:
        log_dir: the folder; it need not exist.
        run: the folder in it that holds the runs, or the name of one of the runs; None: `log_dir` itself.
    """

    def __init__(self, log_dir: Path, run: str | None = None) -> None:
        path = log_dir if run is None else log_dir / run
        self._only = path.name if run is not None and run_number(path.name) else None
        self._home = path.parent if self._only else path

    @property
    def first(self) -> Path:
        """The folder of a first run."""
        return self._home / (self._only or run_folder(1))

    def others(self, folder: Path) -> list[str]:
        """The names of the runs beside one, the newest first."""
        return [found.name for found in self._existing() if found != folder and _is_used(found)]

    def earlier(self, opening: Opening) -> Iterator[Earlier]:
        """The runs that a training may go on with: those that are proven first, and then the newest ones."""
        possible: list[Earlier] = []
        for folder in self._existing():
            if not event_files(folder):
                verdict = None if _is_used(folder) else False  # plain files alone, which are not read back
                run = Earlier(folder, None)
            elif outer := outer_looks(folder, opening.fingerprint):
                verdict, run = opening.goes_on_after(outer[1]), Earlier(folder, outer)
            else:
                verdict = False
            if verdict:
                yield run
            elif verdict is None and not opening.needs_proof:
                possible.append(run)
        yield from possible

    def own(self, since: float) -> FolderLock:
        """The lock of a new run's folder, which is made.

        Args:
            since: when the training began; see `FolderLock.acquire`.

        Raises:
            OSError, UnwritableFolderError: no folder can be made or locked.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        numbers = filter(None, map(run_number, os.listdir(self._home)))
        later = map(run_folder, count(max(numbers, default=1)))
        names = chain([self._only], later) if self._only else later
        locks = (_lock_of_new(self._home / name, since) for name in names)
        return next(lock for lock in locks if lock is not None)

    def _existing(self) -> list[Path]:
        return [folder for folder in run_folders(self._home) if self._only in (None, folder.name)]


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two networks gave these scores that may be the same one."""
    if one.shape != other.shape:
        return False
    size = max(float(np.nanmax(np.abs(other), initial=0.0)), 1e-30)
    return bool(np.allclose(one, other, rtol=0, atol=_SAME * size, equal_nan=True))


def _lock_of_new(folder: Path, since: float) -> FolderLock | None:
    """The lock of a folder that nobody else uses, which is made; None where somebody does."""
    try:
        folder.mkdir()
        is_made = True
    except FileExistsError:
        is_made = False
    if not is_made and _is_used(folder):
        return None
    lock = FolderLock(folder)
    # Where there are no locks, another process may have made it just now.
    if lock.acquire(since=since) and (is_made or lock.is_locked) and not _is_used(folder):
        return lock
    lock.release()
    return None


def _is_used(folder: Path) -> bool:
    """Whether there is anything but the lock in a folder, or something else in its place."""
    return not folder.is_dir() or any(name != LOCK for name in os.listdir(folder))
