"""Numbers to colours: one scale for magnitudes, one for signed values, one colour for what is no number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_FINITE = (0, 230, 64)
"""The colour of NaN and infinity: a green that is in neither scale."""

_Anchors = list[tuple[int, int, int]]

# Dark to bright with even steps of lightness, through purple, red and orange.
_SEQUENTIAL: _Anchors = [
    (0, 0, 4),
    (40, 11, 84),
    (101, 21, 110),
    (159, 42, 99),
    (212, 72, 66),
    (245, 125, 21),
    (250, 193, 39),
    (252, 255, 164),
]
# From white outwards; the two arms have the same lightness at the same distance from zero.
_RED: _Anchors = [(255, 255, 255), (250, 178, 152), (226, 84, 66), (158, 12, 30)]
_BLUE: _Anchors = [(255, 255, 255), (162, 196, 246), (58, 128, 224), (18, 60, 150)]


def sequential(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Colours `(..., 3)` of values in [0, 1], dark to bright.

    What is beyond is clipped, what is not finite has the colour `NOT_FINITE`.
    """
    return _look_up(_SEQUENTIAL_TABLE, np.asarray(values) * 255)


def diverging(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Colours `(..., 3)` of values in [-1, 1]: blue, white at 0, red; equally light at ± the same value.

    What is beyond is clipped, what is not finite has the colour `NOT_FINITE`.
    """
    return _look_up(_DIVERGING_TABLE, np.asarray(values) * 255 + 255)


def _look_up(table: NDArray[np.uint8], positions: NDArray[Any]) -> NDArray[np.uint8]:
    """Rows of the table at the nearest positions; its last row is the colour of what is not finite."""
    finite = np.isfinite(positions)
    if finite.all():
        return np.asarray(table.take(np.rint(np.clip(positions, 0, len(table) - 2)).astype(np.intp), axis=0))
    rows = np.rint(np.clip(np.where(finite, positions, 0), 0, len(table) - 2)).astype(np.intp)
    return np.asarray(table[np.where(finite, rows, len(table) - 1)])


def _table(anchors: _Anchors, entries: int) -> NDArray[np.uint8]:
    colours = np.array(anchors, float)
    at = np.linspace(0, len(anchors) - 1, entries)
    steps = [np.interp(at, np.arange(len(anchors)), channel) for channel in colours.T]
    return np.array(np.rint(np.stack(steps, axis=1)), np.uint8)


def _with_mark(*parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([*parts, np.array([NOT_FINITE], np.uint8)])


_SEQUENTIAL_TABLE = _with_mark(_table(_SEQUENTIAL, 256))
_DIVERGING_TABLE = _with_mark(_table(_BLUE, 256)[:0:-1], _table(_RED, 256))
