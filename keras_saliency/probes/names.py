"""What probes and classes are called where people read it."""

from __future__ import annotations

from collections.abc import Sequence

from keras_saliency.render.text import is_legible


def probe_name(names: Sequence[str] | None, probe: int) -> str:
    """What a probe is called; no font may have some letters of its name."""
    return f"probe {probe}" if names is None else _legible(names[probe], probe)


def class_name(names: Sequence[str] | None, number: int) -> str:
    """What a class is called: its number where it has no name."""
    return _legible(names[number], number) if names is not None and number < len(names) else str(number)


def _legible(name: str, number: int) -> str:
    """The name, behind its number where no font has some of its letters and boxes are drawn instead."""
    return name if is_legible(name) else f"{number}: {name}"
