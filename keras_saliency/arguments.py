"""What callers give: numbers and paths, read in one way and refused in one sentence, and the names of frameworks."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal

BACKENDS = ("tensorflow", "jax", "torch")
"""The frameworks behind Keras that this package works on."""

LARGEST = 2**63 - 1
"""What 64 bits hold, in arrays and in what is stored."""


Reader = Literal["code", "settings", "command line"]
"""Who is told of an error: somebody who writes Python, settings (a config file, a marker of pytest), or options."""

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(?:/([^/]*))?(.*)", re.DOTALL)
"""An address such as `gs://bucket/logs`, also after `Path` took one of its slashes: scheme, host and path.

A drive of Windows has one letter.
"""

_reader: ContextVar[Reader] = ContextVar("reader", default="code")


@contextmanager
def told_to(reader: Reader) -> Iterator[None]:
    """Errors within the block are read by this reader: they name the ways out that it has."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


def setting(name: str, value: str) -> str:
    """An argument as the reader gives it: `logits="output"`, and `--logits output` on the command line."""
    return f"--{name} {value}" if _reader.get() == "command line" else f'{name}="{value}"'


def writes_code() -> bool:
    """Whether the reader can give a function."""
    return _reader.get() == "code"


def local_path(name: str, given: Any, what: str = "a path") -> Path:
    """The path that an argument is, on this machine; a `file://` address is such a path as well.

    Args:
        name: the argument's.
        given: a text or a `Path`.
        what: the path is, for the sentence.

    Raises:
        TypeError: it is something else.
        ValueError: it is an address of something else, such as `gs://bucket/logs`, or no path of any system.
    """
    expected, received = f"Expected {name} to be {what}", f"Received: {name}={given!r}"
    if not isinstance(given, str | os.PathLike) or not isinstance(text := os.fspath(given), str):
        raise TypeError(f"{expected}. {received}")
    address = _ADDRESS.match(text)
    if address and (address[1].lower() != "file" or address[2] not in (None, "", "localhost")):
        raise ValueError(
            f"{expected} on this machine, and not an address. Mount what is at {address[1]}:// as a folder (a bucket "
            f"with gcsfuse, mountpoint-s3 or rclone) and give the path of that. {received}"
        )
    try:
        valid = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        valid = False
    if not valid:
        raise ValueError(f"{expected}. {received}, with characters that no path has")
    if not address:
        return Path(text)
    from urllib.request import url2pathname  # which loads much

    return Path(url2pathname(address[3]))


def is_real(value: Any) -> bool:
    """Whether this is a finite number of Python or numpy, and not a bool."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def whole(name: str, value: Any, least: int | None = None, *, otherwise: str = "") -> int:
    """The whole number that an argument is: of Python or numpy, and not a bool.

    Args:
        name: the argument's.
        value: what was given.
        least: the lowest that is accepted.
        otherwise: what else the caller accepts, for the sentence.

    Raises:
        ValueError: it is something else, too low, or above `LARGEST`.
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if is_whole and (least is None or value >= least) and abs(value) <= LARGEST:
        return int(value)
    bounds = [] if least is None else [f"of at least {least}"]
    bounds += [f"of at most {LARGEST}"] if is_whole and abs(value) > LARGEST else []
    raise _refused(name, value, "a whole number", bounds, otherwise)


def real(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> float:
    """The finite number that an argument is: of Python or numpy, and not a bool.

    Args:
        name: the argument's.
        value: what was given.
        least: the lowest that is accepted.
        above: what it must be higher than.
        most: the highest that is accepted.
        below: what it must be lower than.

    Raises:
        ValueError: it is something else, or out of these bounds.
    """
    if (
        is_real(value)
        and (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
        and (below is None or value < below)
    ):
        return float(value)
    if least is not None and most is not None:
        raise _refused(name, value, "a number", [f"from {least} to {most}"])
    words = {"of at least": least, "above": above, "of at most": most, "below": below}
    bounds = [f"{word} {bound}" for word, bound in words.items() if bound is not None]
    raise _refused(name, value, "a number" if bounds else "a finite number", bounds)


def keep_whole(owner: Any, name: str, least: int = 1, *, optional: bool = False) -> None:
    """Read a field of a frozen dataclass as `whole` does; where it is optional, None stays."""
    value = getattr(owner, name)
    if value is not None or not optional:
        read = whole(name, value, least, otherwise="None" if optional else "")
        object.__setattr__(owner, name, read)


def keep_real(owner: Any, name: str, **bounds: float) -> None:
    """Read a field of a frozen dataclass as `real` does."""
    object.__setattr__(owner, name, real(name, getattr(owner, name), **bounds))


def _refused(name: str, value: Any, kind: str, bounds: list[str], otherwise: str = "") -> ValueError:
    wanted = " ".join([kind, " and ".join(bounds)]).rstrip() + (f", or {otherwise}" if otherwise else "")
    return ValueError(f"Expected {name} to be {wanted}. Received: {name}={value!r}")
