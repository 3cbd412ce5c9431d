"""What goes into Keras' `logs`, where EarlyStopping, CSVLogger and History find it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from keras_saliency.looks.look import Look
from keras_saliency.looks.numbers import enrichments
from keras_saliency.metrics import NUMBERS
from keras_saliency.registry import nearest

_ACCURACY = "saliency_probe_accuracy"


class LogKeys:
    """The keys that one callback keeps in `logs`, and their last values.

    Between two looks the last values are repeated. A number that the last look does not have (a drift needs two looks,
    and a look that is lost has none) is infinite, which no monitor with `mode="min"` takes for an improvement, or
    absent. The accuracy on the probes is absent in both cases, as monitors want it high.

    Args:
        log_keys: `"default"` (drift, enrichments and the accuracy on the probes), `"all"`, `"none"`, or the
            keys.
        methods: the names of the methods.
        regions: the names of the regions.
        labelled: whether the probes have labels.
        missing: what stands for a number that there is not, `"inf"` or `"absent"`.

    Raises:
        ValueError: a key that this callback does not have.
    """

    def __init__(
        self,
        log_keys: str | Sequence[str],
        methods: Iterable[str],
        regions: Iterable[str],
        *,
        labelled: bool,
        missing: str = "inf",
    ) -> None:
        of_regions = [metric.name for metric in enrichments(regions).values()]
        numbers = [*NUMBERS, *of_regions]
        known = {_key(m, n): n in ("drift", *of_regions) for m in methods for n in numbers}
        known |= {_ACCURACY: True} if labelled else {}
        self._keys = _chosen(log_keys, known)
        self._missing = missing
        self._found: dict[str, float] = {}

    def update(self, look: Look) -> None:
        """Take over the numbers that a look has."""
        found = {
            _key(method, name): value
            for method, seen in look.methods.items()
            for name, value in seen.numbers.items()
        }
        if look.probe_accuracy is not None:
            found[_ACCURACY] = look.probe_accuracy
        self._found = found

    def forget(self) -> None:
        """Start again without values."""
        self._found = {}

    @property
    def values(self) -> dict[str, float]:
        """The numbers of the last look, in a fixed order."""
        return {key: self._found.get(key, math.inf) for key in self._keys if self._is_given(key)}

    def _is_given(self, key: str) -> bool:
        return key in self._found or (self._missing == "inf" and key != _ACCURACY)


def _key(method: str, number: str) -> str:
    return f"saliency_{method}_{number}"


def _chosen(log_keys: Any, known: dict[str, bool]) -> list[str]:
    if log_keys == "none":
        return []
    if log_keys in ("all", "default"):
        return [key for key, default in known.items() if default or log_keys == "all"]
    wanted: list[str] = list(log_keys) if isinstance(log_keys, (list, tuple)) else [log_keys]
    for key in wanted:
        if key not in known:
            raise ValueError(
                f'Expected log_keys to be "default", "all", "none" or some of the keys.{nearest(str(key), known)} '
                f"Keys: {', '.join(known)}. Received: {key!r}"
            )
    return wanted
