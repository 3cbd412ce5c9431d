"""The fields of a header: numbers as JSON has them, and checks that a field is what it should be.

The checks return the value, or raise `TypeError` or `ValueError`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def numbers(values: np.ndarray) -> list[float | None]:
    """Nine significant digits, which is exact for float32; None for what is not finite."""
    return [float(f"{value:.9g}") if math.isfinite(value) else None for value in np.asarray(values).tolist()]


def floats(values: Sequence[float | None], dtype: type[np.floating[Any]]) -> np.ndarray:
    """The numbers of a list, with NaN for None."""
    return np.array(values, dtype)  # NumPy reads None as NaN


def epoch_or_none(epoch: int | None) -> int | None:
    """An epoch for JSON."""
    return None if epoch is None else int(epoch)


def optional(values: Any, kind: Callable[[Any], Any], count: int | None = None) -> Any:
    """None, or a tuple of values of a kind, `count` of them."""
    return None if values is None else tuple(list_of(kind, values, count))


def list_of(kind: Callable[[Any], Any], values: Any, count: int | None = None) -> list[Any]:
    """A list of values of a kind, `count` of them."""
    if type(values) is not list or count not in (None, len(values)):
        raise ValueError(f"{values!r:.50} for {count} probes")
    return list(map(kind, values))


def text(value: Any) -> str:
    """A text."""
    if type(value) is not str:
        raise TypeError(f"{value!r:.50} is not a text")
    return value


def whole(value: Any) -> int:
    """A whole number of 64 bits."""
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise TypeError(f"{value!r:.50} is not a whole number")
    return value


def whole_or_none(value: Any) -> int | None:
    """None, or a whole number."""
    return None if value is None else whole(value)


def number(value: Any) -> float | None:
    """A number as JSON has it: None is one that is not finite."""
    if value is None:
        return None
    if type(value) not in (int, float) or abs(value) > sys.float_info.max:
        raise TypeError(f"{value!r:.50} is not a number")
    return float(value)


def flag(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise TypeError(f"{value!r:.50} is neither true nor false")
    return value


def flag_or_none(value: Any) -> bool | None:
    """None, or true or false."""
    return None if value is None else flag(value)
