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

    A key is there in every epoch. Between two looks its last value is repeated. Before there is a first value
    (a drift needs two looks) it is infinite, which no monitor with `mode="min"` takes for an improvement.

    Args:
        log_keys: `"default"` (drift, enrichments and the accuracy on the probes), `"all"`, `"none"`, or the
            keys.
        methods: the names of the methods.
        regions: the names of the regions.
        labelled: whether the probes have labels.

    Raises:
        ValueError: a key that this callback does not have.
    """

    def __init__(
        self, log_keys: str | Sequence[str], methods: Iterable[str], regions: Iterable[str], *, labelled: bool
    ) -> None:
        of_regions = [metric.name for metric in enrichments(regions).values()]
        numbers = [*NUMBERS, *of_regions]
        known = {_key(m, n): n in ("drift", *of_regions) for m in methods for n in numbers}
        known |= {_ACCURACY: True} if labelled else {}
        self._values = dict.fromkeys(_chosen(log_keys, known), math.inf)

    def update(self, look: Look) -> None:
        """Take over the numbers that a look has."""
        found = {
            _key(method, name): value
            for method, seen in look.methods.items()
            for name, value in seen.numbers.items()
        }
        if look.probe_accuracy is not None:
            found[_ACCURACY] = look.probe_accuracy
        self._values |= {key: found[key] for key in self._values.keys() & found.keys()}

    def forget(self) -> None:
        """Start again without values."""
        self._values = dict.fromkeys(self._values, math.inf)

    @property
    def values(self) -> dict[str, float]:
        """The last values, in a fixed order; the accuracy only of models that predict classes."""
        return {key: v for key, v in self._values.items() if key != _ACCURACY or math.isfinite(v)}


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
