"""The examples that a page shows: what the model says of them, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from keras_saliency.surveys.page.pictures import draw
from keras_saliency.surveys.page.shown import Example
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.strategy import Strategy

SHOWN = 6
"""So many typical examples of a strategy are shown, and as many extreme ones."""

_MOST = 2_000
"""Pictures on a page: of about 10 kB each where they are photographs."""

_AT_ONCE = 256
_COLUMNS = ("id", "label", "prediction", "probability", "map")

Pictured = Callable[[Sequence[str]], np.ndarray]
"""Pictures `(n, height, width, 3)` uint8 of the examples with these ids."""


def drawn_examples(
    strategies: Sequence[Strategy], parts: Parts, pictured: Pictured | None
) -> dict[str, Example]:
    """Typical and extreme examples of each strategy, by id; where there are too many, of the suspects first.

    Reads the parts once, and the images a few hundred at a time.

    Args:
        strategies: of all classes.
        parts: what was measured.
        pictured: gives the pictures; None: the maps alone are drawn.
    """
    ids = list(islice(_wanted(strategies), _MOST))
    rows = _rows(parts, set(ids))
    drawn: dict[str, Example] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        maps = np.stack([rows[one]["map"] for one in some]).astype("float32")
        pictures = draw(maps, None if pictured is None else pictured(some))
        drawn.update((one, _example(rows[one], picture)) for one, picture in zip(some, pictures, strict=True))
    return drawn


def _wanted(strategies: Sequence[Strategy]) -> dict[str, None]:
    """The ids, each once."""
    first = sorted(strategies, key=lambda one: not one.is_suspect)
    return dict.fromkeys(one for own in first for one in (*own.typical[:SHOWN], *own.extreme[:SHOWN]))


def _rows(parts: Parts, wanted: set[str]) -> dict[str, Mapping[str, Any]]:
    """The rows of these examples."""
    found: dict[str, Mapping[str, Any]] = {}
    for _, block in parts.blocks(_COLUMNS):
        for row, one in enumerate(block["id"]):
            if one in wanted:
                found[one] = {name: values[row] for name, values in block.items()}
    return found


def _example(row: Mapping[str, Any], picture: bytes) -> Example:
    probability, label = float(row["probability"]), int(row["label"])
    return Example(
        prediction=int(row["prediction"]),
        probability=probability if np.isfinite(probability) else None,
        label=label if label >= 0 else None,
        picture=picture,
    )
