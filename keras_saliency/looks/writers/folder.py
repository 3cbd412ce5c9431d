"""Looks as plain files, for people without TensorBoard."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from typing_extensions import override

from keras_saliency.looks.look import Look
from keras_saliency.looks.writers.base import Packed, Run, Writer, opened
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.records.file_names import file_name, step_name
from keras_saliency.records.whole_file import append, last_byte, replace_file
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
        """Start writing for one `fit`. Raises `OSError` if the table cannot be written."""
        append(run.folder / "numbers.csv", _start(run))
        self._run = run

    def opening(self, run: Run) -> int:
        """The bytes of the table's header, where the table is new."""
        return len(_start(run))

    @override
    def write(self, look: Look, previous: Look | None) -> int:
        return self.pack(look, previous).write()

    def pack(self, look: Look, previous: Look | None) -> Packed:
        """One look as the rows of the table and the bytes of its sheets."""
        run, rows = opened(self._run), _table(_rows(look))
        methods = look.methods if run.sheets else ()
        sheets = {_sheet(run, look, name): to_png(draw_sheet(run, look, name, previous)) for name in methods}

        def write() -> int:
            written = append(run.folder / "numbers.csv", rows)
            return written + sum(replace_file(path, png, follow=False) for path, png in sheets.items())

        return Packed(len(rows) + sum(map(len, sheets.values())), write)

    @override
    def close(self) -> None:
        self._run = None


def _start(run: Run) -> bytes:
    """A header where the table is new; a line end where a crash tore its last row."""
    last = last_byte(run.folder / "numbers.csv")
    return b"" if last == b"\n" else b"\n" if last else _table([_COLUMNS])


def _rows(look: Look) -> Iterator[tuple[object, ...]]:
    for key, value in look.numbers.items():
        method, _, number = key.rpartition("/")
        yield look.step, look.epoch, method, number, value


def _table(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _sheet(run: Run, look: Look, method: str) -> Path:
    return run.folder / "sheets" / file_name(method) / f"{step_name(look.step)}.png"
