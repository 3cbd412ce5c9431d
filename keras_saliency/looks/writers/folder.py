"""Looks as plain files, for people without TensorBoard."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from typing_extensions import override

from keras_saliency.looks.look import Look
from keras_saliency.looks.writers.base import Run, Writer
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.records.file_names import file_name, step_name
from keras_saliency.records.whole_file import append, replace_file
from keras_saliency.render import to_png

_COLUMNS = ("step", "epoch", "method", "number", "value")


class FolderWriter(Writer):
    """Contact sheets as `sheets/<method>/step_000012.png` in the run's folder, means in `numbers.csv`.

    The table is long: a row per step, method and number (the method is empty for `probe_accuracy`). A
    later `fit` in the same folder adds to it. Characters of a method's name that a file system may refuse
    are written `%2f`.
    """

    def __init__(self) -> None:
        self._run: Run | None = None

    @override
    def open(self, run: Run) -> None:
        _start_table(run.folder / "numbers.csv")
        self._run = run

    @override
    def write(self, look: Look, previous: Look | None) -> int:
        if self._run is None:
            raise RuntimeError("A look was handed to a writer that is not open: call open(run) first.")
        written = append(self._run.folder / "numbers.csv", _table(_rows(look)))
        if self._run.sheets:
            written += sum(_write_sheet(self._run, look, method, previous) for method in look.methods)
        return written

    @override
    def close(self) -> None:
        self._run = None


def _start_table(path: Path) -> None:
    """A header where the table is new; a line end where a crash tore its last row."""
    existing = path.read_bytes()[-1:] if path.exists() else b""
    append(path, "" if existing == b"\n" else "\n" if existing else _table([_COLUMNS]))


def _rows(look: Look) -> Iterator[tuple[object, ...]]:
    for key, value in look.numbers.items():
        method, _, number = key.rpartition("/")
        yield look.step, look.epoch, method, number, value


def _table(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _write_sheet(run: Run, look: Look, method: str, previous: Look | None) -> int:
    path = run.folder / "sheets" / file_name(method) / f"{step_name(look.step)}.png"
    return replace_file(path, to_png(draw_sheet(run, look, method, previous)))
