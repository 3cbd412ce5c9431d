"""What probes and classes are called where people read it."""

from __future__ import annotations

from collections.abc import Sequence

from keras_saliency.render.text import printable


def probe_name(names: Sequence[str] | None, probe: int) -> str:
    """What a probe is called; the font may lack some letters of its name."""
    return f"probe {probe}" if names is None else _legible(names[probe], probe)


def class_name(names: Sequence[str] | None, number: int) -> str:
    """What a class is called: its number where it has no name."""
    return _legible(names[number], number) if names is not None and number < len(names) else str(number)


def _legible(name: str, number: int) -> str:
    """The name, behind its number where the font lacks some of its letters and prints `?` instead."""
    return f"{number}: {name}" if "?" in printable(name) else name
