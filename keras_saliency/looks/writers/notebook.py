"""Looks in the cell of a notebook, while the training runs in it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from typing_extensions import override

from keras_saliency.looks.look import Look
from keras_saliency.looks.writers.base import Run, Writer, opened
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.render import as_base64
from keras_saliency.terminal import html_text

_SECONDS = 1.0
"""Between two drawings at least."""
_WIDTH, _HEIGHT, _EDGE = 180, 36, 2


class NotebookWriter(Writer):
    """The newest contact sheet of each method, and the numbers so far as curves, below the cell that runs `fit`.

    Each `fit` has one output, which is replaced at every look, at most once a second, and holds the last look in the
    end. Nothing is written to disk.
    """

    def __init__(self) -> None:
        self._cell: _Cell | None = None

    @override
    def open(self, run: Run) -> None:
        """Begin an output. Raises `OSError` outside of a notebook."""
        self.close()
        self._cell = _Cell(run, _display())

    @override
    def write(self, look: Look, previous: Look | None) -> int:
        opened(self._cell).take(look, previous)
        return 0  # bytes on a disk

    @override
    def close(self) -> None:
        cell, self._cell = self._cell, None
        if cell is not None:
            cell.draw()


class _Cell:
    """The output of one `fit` below the cell, and what it shows next."""

    def __init__(self, run: Run, display: Any) -> None:
        self._run = run
        self._curves: defaultdict[str, list[float]] = defaultdict(list)
        self._waiting: tuple[Look, Look | None] | None = None
        self._drawn = -_SECONDS
        self._handle = display({"text/plain": "Waiting for the first look."}, raw=True, display_id=True)

    def take(self, look: Look, previous: Look | None) -> None:
        """Take a look, and show it unless the last one is not a second old."""
        for name, value in look.numbers.items():
            self._curves[name].append(value)
        self._waiting = look, previous
        if time.monotonic() - self._drawn >= _SECONDS:
            self.draw()

    def draw(self) -> None:
        """Show the look that waits, if one does."""
        if self._waiting is None:
            return
        (look, previous), self._waiting = self._waiting, None
        methods = look.methods if self._run.sheets else ()
        sheets = [_picture(draw_sheet(self._run, look, method, previous)) for method in methods]
        html = _about(look) + _curves(self._curves) + "<br>".join(sheets)
        self._handle.update({"text/plain": repr(look), "text/html": html}, raw=True)
        self._drawn = time.monotonic()


def _display() -> Any:
    """IPython's `display`, where a notebook or IPython runs this process."""
    try:
        from IPython import display, get_ipython

        if get_ipython() is not None:
            return display.display
    except ImportError:
        pass
    raise OSError('writers="notebook" draws below the cell of a notebook, and this process runs in none.')


def _picture(pixels: np.ndarray) -> str:
    return f"<img src='data:image/png;base64,{as_base64(pixels)}'>"


def _about(look: Look) -> str:
    """When, and what failed."""
    failed = {
        result.name: result.sentence for result in look.checks if result.status in ("failed", "errored")
    }
    said = (
        f"<p><b>{html_text(name)}</b>: {html_text(why)}</p>" for name, why in {**failed, **look.lost}.items()
    )
    return f"<p>{html_text(look.moment)}, step {look.step}</p>{''.join(said)}"


def _curves(curves: Mapping[str, Sequence[float]]) -> str:
    """A row a number: its name, its curve, its last value."""
    rows = "".join(
        f"<tr><td style='text-align:left'>{html_text(name)}</td><td>{_curve(values)}</td><td>{values[-1]:.3g}</td></tr>"
        for name, values in curves.items()
    )
    return f"<table>{rows}</table>"


def _curve(values: Sequence[float]) -> str:
    """A line from the first look to this one, between its own smallest and largest value."""
    low, high = min(values), max(values)
    wide, tall = (_WIDTH - 2 * _EDGE) / max(1, len(values) - 1), (_HEIGHT - 2 * _EDGE) / ((high - low) or 1)
    points = (
        f"{_EDGE + number * wide:.1f},{_HEIGHT - _EDGE - (value - low) * tall:.1f}"
        for number, value in enumerate(values)
    )
    return (
        f"<svg width='{_WIDTH}' height='{_HEIGHT}' role='img' aria-label='from {low:.3g} to {high:.3g}'>"
        f"<polyline points='{' '.join(points)}' fill='none' stroke='currentColor' stroke-width='1.5'/></svg>"
    )
