"""Where the looks of a callback go: its writers, the steps they are written under, and what was lost."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from keras_saliency.engine.console import say
from keras_saliency.errors import SaliencyWarning, UnwritableFolderError
from keras_saliency.look import Look
from keras_saliency.writers import Run, Writer, last_step


class Logbook:
    """Hands looks to writers, under steps that only grow within one folder.

    A step is Keras' epoch plus an offset: zero in a new folder, else what lets the steps go on where the folder,
    or an earlier `fit` with this logbook, ended.

    Args:
        folder: made when the logbook is opened.
        writers: by name.
        strict: whether failures are raised; else they are warned of once each, and counted.
    """

    def __init__(self, folder: Path, writers: Mapping[str, Writer], *, strict: bool) -> None:
        self.folder = folder
        self.steps: list[int] = []
        self.written = 0
        self.lost: Counter[str] = Counter()
        self._writers = writers
        self._strict = strict
        self._offset = 0
        self._highest: int | None = None

    def open(self, run: Run) -> None:
        """Start one `fit`.

        Raises:
            UnwritableFolderError: the folder cannot be made, or a writer cannot write in it.
        """
        self.close()
        self.written, self.lost = 0, Counter()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            logged = last_step(self.folder)
            self._highest = max((step for step in (logged, *self.steps[-1:]) if step is not None), default=None)
            for writer in self._writers.values():
                writer.open(run)
        except OSError as error:
            self.close()
            reason = error.strerror or error
            raise UnwritableFolderError(f"Cannot write the looks to {self.folder}: {reason}.") from error

    def begin(self, initial_epoch: int) -> None:
        """Fix the offset of the steps, at the first epoch of a `fit`."""
        before = initial_epoch - 1
        self._offset = 0 if self._highest is None else max(0, self._highest - before)

    def step(self, epoch: int) -> int:
        """The step of a look after this epoch."""
        return epoch + self._offset

    def write(self, look: Look, previous: Look | None) -> None:
        """Hand a look to every writer, unless its step is written already; and count what it lacks."""
        for name, reason in look.lost.items():
            self.lose(name, look, reason)
        if self._highest is not None and look.step <= self._highest:
            return
        self._highest = look.step
        self.steps.append(look.step)
        for name, writer in self._writers.items():
            with self._surviving(name, look):
                self.written += writer.write(look, previous)

    def close(self) -> None:
        """Close every writer."""
        for name, writer in self._writers.items():
            with self._surviving(name, None):
                writer.close()

    def lose(self, name: str, look: Look | None, reason: str) -> None:
        """Count a failure of a method or writer; warn of the first of each."""
        self.lost[name] += 1
        if self.lost[name] == 1:
            when = f"after epoch {look.epoch + 1} (step {look.step})" if look else "at the end"
            _warn(f"{name} failed {when}: {reason}. Training goes on; further failures of {name} are only counted.")

    @contextmanager
    def _surviving(self, name: str, look: Look | None) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._strict:
                raise
            self.lose(name, look, f"{type(error).__name__}: {error}")


def _warn(message: str) -> None:
    """Warn; where warnings are turned into errors, print instead: no failure of ours ends a training."""
    try:
        warnings.warn(message, SaliencyWarning, stacklevel=2)
    except SaliencyWarning:
        say(f"keras_saliency: {message}")
