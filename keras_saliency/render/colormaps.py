"""Numbers to colours: inferno for magnitudes, red and blue for signed values, green for what is not a number.

The numbers stand in `colormaps.json`, from which the page of the Saliency tab draws too.
"""

import json
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

_COLORMAPS = json.loads((resources.files(__package__) / "colormaps.json").read_bytes())

NOT_FINITE: tuple[int, int, int] = tuple(_COLORMAPS["not_finite"])
"""The colour of NaN and infinity: a green that is in neither scale."""

_Anchors = list[tuple[int, int, int]]

# Inferno, straight between eight of its colours (elsewhere a channel is up to 23 of 255 away from it).
_SEQUENTIAL: _Anchors = _COLORMAPS["sequential"]["inferno"]
# From white outwards; the two arms have the same lightness at the same distance from zero.
_RED: _Anchors = _COLORMAPS["diverging"]["red–blue"]["positive"]
_BLUE: _Anchors = _COLORMAPS["diverging"]["red–blue"]["negative"]


def sequential(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Colours `(..., 3)` of values in [0, 1], dark to bright: inferno.

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
