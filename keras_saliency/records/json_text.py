"""JSON that others wrote, as values that nothing stumbles over."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits

_STRINGS = re.compile(rb'"[^"]*"')
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_OPENING = b"[{"


def parse_json(text: bytes) -> Any:
    """What the JSON says, with None for numbers that are not finite.

    Raises:
        ValueError: it is no JSON in UTF-8, nested deeper than `limits.DEPTH`, or of more lists and tables than
            `limits.CONTAINERS`.
    """
    _check_brackets(text)
    return json.loads(text.decode(), parse_constant=_finite_float, parse_float=_finite_float)


def read_json(path: str | Path, otherwise: str) -> tuple[Any, int]:
    """What the JSON in a file says, and how many bytes it has.

    Args:
        path: the file.
        otherwise: what the file is where that is no JSON, such as `"not a report"`.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: it is no JSON, or too large.
    """
    content = limits.read_at_most(path, limits.TEXT)
    try:
        return parse_json(content), len(content)
    except (ValueError, MemoryError) as error:
        raise UnreadableFileError(f"{path} is {otherwise}: it is not JSON.") from error


def _check_brackets(text: bytes) -> None:
    """Count brackets before Python makes objects of them; it takes a tenth of the time that reading does."""
    plain = _STRINGS.sub(b"", text.replace(rb"\\", b"").replace(rb"\"", b""))
    brackets = plain.translate(None, _ALL_BUT_BRACKETS)
    if len(brackets) > 2 * limits.CONTAINERS:
        raise ValueError(f"more than {limits.CONTAINERS} lists and tables")
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in _OPENING else -1
        if depth > limits.DEPTH:
            raise ValueError(f"nested deeper than {limits.DEPTH}")


def _finite_float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
