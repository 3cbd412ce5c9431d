"""Where the looks of a callback go: its writers, the steps they are written under, what was lost and left out."""

from __future__ import annotations

import warnings
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

from keras_saliency.engine import say
from keras_saliency.errors import SaliencyWarning, UnwritableFolderError
from keras_saliency.looks.event_file import event_files
from keras_saliency.looks.look import Look, moment
from keras_saliency.looks.reading import last_step
from keras_saliency.looks.writers import WRITERS, Packed, Run, Weighing, Writer
from keras_saliency.terminal import visible
from keras_saliency.training.disk_budget import DiskBudget
from keras_saliency.training.folder_lock import FolderLock, shared

_LONGEST_LOSS = 240


def make_writers(writers: Any, *, archive: bool) -> dict[str, Writer]:
    """One or several writers by what messages call them: their name, or the class of one that is given.

    A name that comes twice is one writer; two that are given are told apart by a number.

    Raises:
        ValueError: an unknown name, or two of our writers of one class, which would write the same files.
        TypeError: something is neither a name nor a writer.
    """
    wanted = list(writers) if isinstance(writers, (list, tuple)) else [writers]
    made: dict[str, Writer] = {}
    of_class: Counter[str] = Counter()
    for writer in [*wanted, "archive"] if archive else wanted:
        if isinstance(writer, str) and writer in made:
            continue
        new = WRITERS.make(writer)
        name = writer if isinstance(writer, str) else type(new).__name__
        of_class[name] += 1
        made[name if of_class[name] == 1 else f"{name} {of_class[name]}"] = new
    classes = [type(writer) for writer in made.values()]
    if doubled := [kind for kind in WRITERS.built_in().values() if classes.count(kind) > 1]:
        raise ValueError(
            f"Expected one {doubled[0].__name__}, as two would write the same files. "
            f"Received: writers={writers!r}, archive={archive!r}"
        )
    return made


class Logbook:
    """Hands looks to writers, under steps that only grow within one folder.

    A step is a position in the training (Keras' epoch, or the batches seen) plus an offset: zero in a new folder, else
    what lets the steps go on where the folder, or an earlier `fit` with this logbook, ended.

    What fails is warned of once each and counted, or raised where `strict` is set. Of several processes that train
    together only the chief writes; the others make the same looks and leave the folder alone.

    Args:
        writers: by name.
        max_disk: the most that the folder of a run may take, see `DiskBudget`. A writer that does not weigh its looks
            beforehand counts as its largest one so far.

    Attributes:
        folder: of the run that was opened last; None before there is one.
        steps: of the looks that this logbook wrote in it.
        last_step: the highest step that is written; None where there is none.
        last_loss: what failed last, when and why; empty where nothing was lost.
    """

    def __init__(self, writers: Mapping[str, Writer], max_disk: int | str | None = None) -> None:
        self.folder: Path | None = None
        self.steps: list[int] = []
        self.written = self.left_out = 0
        self.lost: Counter[str] = Counter()
        self.last_loss = ""
        self._writers = writers
        self._writes = True
        self._budget = DiskBudget(max_disk)
        self._opening, self._is_open, self._is_first = 0, False, True
        self._largest: Counter[str] = Counter()
        self._waiting: tuple[Look, Look | None] | None = None
        self._offset = 0
        self.last_step: int | None = None
        self._new_files: set[Path] = set()
        self._locks: list[FolderLock] = []
        # Keras tells nobody that a training broke off.
        weakref.finalize(self, _close, tuple(writers.values()), self._locks)

    def open(self, run: Run, lock: FolderLock | None) -> None:
        """Start one `fit` in the folder of a run, whose steps go on.

        Args:
            run: the run.
            lock: of its folder, which is held; None in those processes that train with others and do not write.

        Raises:
            UnwritableFolderError: a writer cannot write there.
            ValueError: `max_disk` cannot hold the probes.
        """
        self.close()
        if run.folder != self.folder:
            self.folder, self.steps, self.last_step = run.folder, [], None
        self.written, self.left_out, self.lost, self._writes = 0, 0, Counter(), lock is not None
        self.last_loss = ""
        self._is_first = True
        if lock is None:
            return
        self._locks.append(lock)
        before = set(event_files(run.folder))
        try:
            with opening_in(run.folder):
                steps = (last_step(run.folder, _passed_over), *self.steps[-1:])
                self.last_step = max((step for step in steps if step is not None), default=None)
                self._open_writers(run)
        except BaseException:
            self._new_files = set(event_files(run.folder)) - before
            self.discard()
            raise
        self._new_files = set(event_files(run.folder)) - before

    def keep(self) -> None:
        """Let no other callback of this process write in the folder as long as this one may."""
        for lock in self._locks:
            lock.keep()

    def begin(self, position: int) -> None:
        """Fix the offset of the steps, from the position of the opening look of a `fit`."""
        self._offset = 0 if self.last_step is None else max(0, self.last_step - position)

    def discard(self) -> None:
        """Close, and leave no event file without looks."""
        self.close()
        for path in self._new_files:
            with suppress(OSError):
                path.unlink()

    def step(self, position: int) -> int:
        """The step of a look at this position."""
        return position + self._offset

    def holds(self, step: int) -> bool:
        """Whether a look of this step, or of a later one, is written already."""
        return self.last_step is not None and step <= self.last_step

    def write(self, look: Look, previous: Look | None, *, strict: bool) -> None:
        """Hand a look to every writer, unless its step is written already or the disk budget leaves it out.

        Raises:
            ValueError: this is the first look, and `max_disk` cannot hold one.
            UnwritableFolderError: another callback of this process took the folder over.
        """
        for name, reason in look.lost.items():
            self.lose(name, when(look.step, look.epoch), reason)
        is_first, self._is_first = self._is_first, False
        if self.holds(look.step):
            return
        if self._budget.grants() and self._hand_over(look, previous, is_first=is_first, strict=strict):
            return
        if not self.left_out:
            warn(_thinned(look, self._budget))
        self.left_out += 1
        self._waiting = look, previous

    def close(self, *, strict: bool = False) -> None:
        """Write the last look, where it was left out and still fits; close every writer.

        Where `strict` is set the first error is raised, once everything is closed.
        """
        errors: list[BaseException] = []
        try:
            with self.surviving("the last look", "at the end", strict=strict):
                self._write_waiting(strict=strict)
        except BaseException as error:
            errors.append(error)
        for name, writer in self._writers.items():
            try:
                with self.surviving(name, "at the end", strict=strict):
                    writer.close()
            except BaseException as error:
                errors.append(error)
        self._is_open = False
        while self._locks:
            self._locks.pop().release()
        if errors:
            raise errors[0]

    def _open_writers(self, run: Run) -> None:
        """Open the writers, unless the budget is used up already."""
        self._budget.open(run.folder)
        self._opening = 0
        if self._budget.is_limited:
            weighing = [writer for writer in self._writers.values() if isinstance(writer, Weighing)]
            self._opening = sum(writer.opening(run) for writer in weighing)
            self._budget.require(self._opening, "The probes alone take")
        self._is_open = self._budget.fits(self._opening)
        for writer in self._writers.values() if self._is_open else ():
            writer.open(run)
        self._budget.count(run.folder)

    def _write_waiting(self, *, strict: bool) -> None:
        if self._waiting and self._is_open and self._hand_over(*self._waiting, is_first=False, strict=strict):
            self.left_out -= 1
        self._waiting = None

    def _hand_over(self, look: Look, previous: Look | None, *, is_first: bool, strict: bool) -> bool:
        """Write a look, if it fits; whether it did."""
        for lock in self._locks:
            if not lock.is_held:
                raise shared(lock.folder)
        if not self._is_open and self._writes:
            return False
        packed = self._packed(look, previous, strict=strict) if self._writes else {}
        size = sum(one.size for one in packed.values())
        if is_first:
            self._budget.require(self._opening + size, "Here they take")
        if not self._budget.fits(size):
            return False
        self._waiting, self.last_step = None, look.step
        self.steps.append(look.step)
        before, failures = self.written, self.lost.total()
        for name, one in packed.items():
            with self.surviving(name, when(look.step, look.epoch), strict=strict):
                written = one.write()
                self.written += written
                self._largest[name] = max(self._largest[name], written)
        self._budget.spend(self.written - before)
        if self.lost.total() > failures:  # a writer that failed may have left something
            for lock in self._locks:
                self._budget.count(lock.folder)
        return True

    def _packed(self, look: Look, previous: Look | None, *, strict: bool) -> dict[str, Packed]:
        """The look by writer, weighed where there is a limit."""
        packed = {}
        for name, writer in self._writers.items():
            with self.surviving(name, when(look.step, look.epoch), strict=strict):
                if self._budget.is_limited and isinstance(writer, Weighing):
                    packed[name] = writer.pack(look, previous)
                else:
                    packed[name] = Packed(self._largest[name], partial(writer.write, look, previous))
        return packed

    def lose(self, name: str, moment: str, reason: str) -> None:
        """Count a failure of a method or writer; warn of the first of each."""
        self.lost[name] += 1
        self.last_loss = shorten(f"{name} {moment}: {reason}", _LONGEST_LOSS, placeholder=" …")
        if self.lost[name] == 1:
            warn(
                f"{name} failed {moment}: {reason}. Training goes on; further failures of {name} are "
                "only counted."
            )

    @contextmanager
    def surviving(self, name: str, moment: str, *, strict: bool) -> Iterator[None]:
        """Count a failure within the block as one of that name, or raise it where `strict` is set."""
        try:
            yield
        except Exception as error:
            if strict:
                raise
            self.lose(name, moment, f"{type(error).__name__}: {error}")


@contextmanager
def opening_in(folder: Path) -> Iterator[None]:
    """Say which folder cannot be written."""
    try:
        yield
    except UnwritableFolderError:
        raise
    except OSError as error:
        raise UnwritableFolderError(
            f"Cannot write the looks to {folder}: {error.strerror or error}."
        ) from error


def _close(writers: Iterable[Writer], locks: Iterable[FolderLock]) -> None:
    for writer in writers:
        with suppress(Exception):  # nobody is left to be told
            writer.close()
    for lock in locks:
        lock.release()


def _passed_over(problem: str) -> None:
    warn(f"{problem} The steps go on from the last look that can be read.")


def _thinned(look: Look, budget: DiskBudget) -> str:
    moment = when(look.step, look.epoch)
    rest = "All are still taken, and their numbers logged."
    if budget.interval is None:
        return f"max_disk is used up {moment}: no more looks are written. {rest}"
    return (
        f"Half of max_disk is used {moment}: from now on every second look is written, then every fourth, and so "
        f"on. {rest}"
    )


def when(step: int, epoch: int | None) -> str:
    """When a look is taken, in words, with its step."""
    return moment(step, epoch) if epoch is None else f"{moment(step, epoch)} (step {step})"


def warn(message: str) -> None:
    """Warn; where warnings are turned into errors, print instead: no failure of ours ends a training."""
    message = visible(message)
    try:
        warnings.warn(message, SaliencyWarning, stacklevel=2)
    except SaliencyWarning:
        say(f"keras_saliency: {message}")
