"""What the training says of itself in Keras' `logs`, beside what a look sees."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

_MOST = 32
_LONGEST = 100
_OURS = "saliency_"


class Said:
    """The newest value of each of Keras' own entries in `logs` since the look before.

    Kept are finite numbers, the first 32 whose name has at most 100 characters. Nothing is kept of single steps: where
    looks are taken inside epochs, the mean since the epoch began counts as Keras gives it.
    """

    def __init__(self) -> None:
        self._newest: dict[str, float] = {}

    def hear(self, logs: Mapping[str, Any] | None) -> None:
        """Take over what Keras gives to a hook. What is no number, and what is ours, is passed over."""
        for name, value in logs.items() if isinstance(logs, Mapping) else ():
            if isinstance(name, str) and len(name) <= _LONGEST and not name.startswith(_OURS):
                self._keep(name, value)

    def take(self) -> dict[str, float]:
        """What was said since this was asked last."""
        newest, self._newest = self._newest, {}
        return newest

    def _keep(self, name: str, value: Any) -> None:
        number = _finite(value)
        if number is None:
            self._newest.pop(name, None)  # the newest is none that can be drawn
        elif name in self._newest or len(self._newest) < _MOST:
            self._newest[name] = number


def _finite(value: Any) -> float | None:
    """The value as a float; None where it is no number, or not finite."""
    try:
        number = float(value) if isinstance(value, numbers.Real) else math.nan
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None
