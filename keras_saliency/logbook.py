"""Where the looks of a callback go: its writers, the steps they are written under, and what was lost."""

from __future__ import annotations

import warnings
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from keras_saliency.engine.console import say
from keras_saliency.errors import SaliencyWarning, UnwritableFolderError
from keras_saliency.look import Look
from keras_saliency.writers import Run, Writer, last_step, make_writer
from keras_saliency.writers.eventfile import event_files


def make_writers(writers: Any, *, archive: bool) -> dict[str, Writer]:
    """One or several writers by name; a writer that is no name is called by its class."""
    wanted = list(writers) if isinstance(writers, (list, tuple)) else [writers]
    made: dict[str, Writer] = {}
    for writer in [*wanted, "archive"] if archive else wanted:
        name = writer if isinstance(writer, str) else type(writer).__name__
        if name in made and not isinstance(writer, str):
            name = f"{name} {len(made) + 1}"
        made[name] = make_writer(writer)
    return made


class Logbook:
    """Hands looks to writers, under steps that only grow within one folder.

    A step is Keras' epoch plus an offset: zero in a new folder, else what lets the steps go on where the
    folder, or an earlier `fit` with this logbook, ended.

    What fails is warned of once each and counted, or raised where `strict` is set.

    Args:
        folder: made when the logbook is opened.
        writers: by name.
    """

    def __init__(self, folder: Path, writers: Mapping[str, Writer]) -> None:
        self.folder = folder
        self.steps: list[int] = []
        self.written = 0
        self.lost: Counter[str] = Counter()
        self._writers = writers
        self._offset = 0
        self._highest: int | None = None
        self._files: list[Path] = []
        # Keras tells nobody that a training broke off.
        weakref.finalize(self, _close, tuple(writers.values()))

    def open(self, run: Run) -> None:
        """Start one `fit`.

        Raises:
            UnwritableFolderError: the folder cannot be made, or a writer cannot write in it.
        """
        self.close()
        self.written, self.lost = 0, Counter()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            steps = (last_step(self.folder), *self.steps[-1:])
            self._highest = max((step for step in steps if step is not None), default=None)
            for writer in self._writers.values():
                writer.open(run)
            self._files = event_files(self.folder)
        except BaseException as error:
            self.close()
            if not isinstance(error, OSError):
                raise
            reason = error.strerror or error
            raise UnwritableFolderError(f"Cannot write the looks to {self.folder}: {reason}.") from error

    def begin(self, initial_epoch: int) -> None:
        """Fix the offset of the steps, at the first epoch of a `fit`.

        Raises:
            UnwritableFolderError: since the logbook was opened another one began to write in the folder.
        """
        if event_files(self.folder) != self._files:
            self.close()
            raise UnwritableFolderError(
                f"Something else writes its looks to {self.folder} too. Give each callback a log_dir of its own."
            )
        before = initial_epoch - 1
        self._offset = 0 if self._highest is None else max(0, self._highest - before)

    def step(self, epoch: int) -> int:
        """The step of a look after this epoch."""
        return epoch + self._offset

    def holds(self, step: int) -> bool:
        """Whether a look of this step, or of a later one, is written already."""
        return self._highest is not None and step <= self._highest

    def write(self, look: Look, previous: Look | None, *, strict: bool) -> None:
        """Hand a look to every writer, unless its step is written already; and count what it lacks."""
        for name, reason in look.lost.items():
            self._lose(name, look, reason)
        if self.holds(look.step):
            return
        self._highest = look.step
        self.steps.append(look.step)
        for name, writer in self._writers.items():
            with self._surviving(name, look, strict):
                self.written += writer.write(look, previous)

    def close(self, *, strict: bool = False) -> None:
        """Close every writer."""
        for name, writer in self._writers.items():
            with self._surviving(name, None, strict):
                writer.close()

    def _lose(self, name: str, look: Look | None, reason: str) -> None:
        """Count a failure of a method or writer; warn of the first of each."""
        self.lost[name] += 1
        if self.lost[name] == 1:
            warn(
                f"{name} failed {when(look)}: {reason}. Training goes on; further failures of {name} are "
                "only counted."
            )

    @contextmanager
    def _surviving(self, name: str, look: Look | None, strict: bool) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if strict:
                raise
            self._lose(name, look, f"{type(error).__name__}: {error}")


def _close(writers: Iterable[Writer]) -> None:
    for writer in writers:
        with suppress(Exception):  # nobody is left to be told
            writer.close()


def when(look: Look | None) -> str:
    """When a look was taken, in words; None is the end of the training."""
    if look is None:
        return "at the end"
    return f"{'before training' if look.epoch < 0 else f'after epoch {look.epoch + 1}'} (step {look.step})"


def warn(message: str) -> None:
    """Warn; where warnings are turned into errors, print instead: no failure of ours ends a training."""
    try:
        warnings.warn(message, SaliencyWarning, stacklevel=2)
    except SaliencyWarning:
        say(f"keras_saliency: {message}")
