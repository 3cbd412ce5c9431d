"""What a writer is: it shows looks somewhere, and knows nothing of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from keras_saliency.looks.look import Look
from keras_saliency.probes import ProbeSet

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """What stays the same over one `fit`: where to write, the probes, and the settings.

    Attributes:
        folder: `<log_dir>/saliency`, or `saliency_2` and so on; it exists when a writer is opened.
        probes: the probe set.
        pictures: `(n, height, width, 3)` uint8, what people see of the probes; None where no picture of a
            probe may leave the process.
        settings: what was asked for, JSON-ready, in the order to show it.
        sheets: whether a contact sheet per method is wanted.
        goes_on: whether this `fit` goes on with the training that the folder has already.
        font: the path of a font for names on sheets, or None.
    """

    folder: Path
    probes: ProbeSet
    pictures: np.ndarray | None
    settings: Mapping[str, Any]
    sheets: bool = True
    goes_on: bool = False
    font: str | Path | None = None


@runtime_checkable
class Writer(Protocol):
    """Shows looks somewhere. Opened once per `fit`; what `write` returned for survives a kill of the process."""

    def open(self, run: Run) -> None:
        """Start writing for one `fit`. Raises `OSError` if the folder cannot be written."""

    def write(self, look: Look, previous: Look | None) -> int:
        """Write one look and return the bytes written; `previous` is the look before, if there was one."""

    def close(self) -> None:
        """Finish. It may be called without `open`, and twice."""


def opened(state: T | None) -> T:
    """What a writer holds while it is open. Raises `RuntimeError` where it is not."""
    if state is None:
        raise RuntimeError("A look was handed to a writer that is not open: call open(run) first.")
    return state


@dataclass(frozen=True)
class Packed:
    """A look that is ready to be written.

    Attributes:
        size: the bytes that it will take.
        write: writes it and returns the bytes written.
    """

    size: int
    write: Callable[[], int]


@runtime_checkable
class Weighing(Protocol):
    """A writer that knows beforehand what it will write, as ours for the folder do: it keeps `max_disk` to the byte."""

    def opening(self, run: Run) -> int:
        """The bytes that `open` will write."""

    def pack(self, look: Look, previous: Look | None) -> Packed:
        """What `write` would write."""
