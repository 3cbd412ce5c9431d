"""The examples that a page shows: what the model says of them, and their pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import optree

from keras_saliency.engine.layout import Layout
from keras_saliency.render import pictures
from keras_saliency.surveys.examples import Source
from keras_saliency.surveys.page.findings import Example
from keras_saliency.surveys.page.pictures import draw
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.sources import Example as Read
from keras_saliency.surveys.strategy import Strategy

_EACH = 6
"""So many typical examples of a strategy are shown, and as many extreme ones."""

_MOST = 2_000
"""Pictures on a page: of about 10 kB each where they are photographs."""

_AT_ONCE = 128
_COLUMNS = ("id", "label", "prediction", "probability", "map")


def drawn_examples(
    strategies: Sequence[Strategy], parts: Parts, source: Source | None, layout: Layout
) -> dict[str, Example]:
    """Typical and extreme examples of each strategy, by id; where there are too many, of the suspects first.

    Reads the parts once, and of the images some at a time: a stream costs one more pass.

    Args:
        strategies: of all classes.
        parts: what was measured.
        source: gives the images again; None: the maps alone are drawn.
        layout: which input is the image.
    """
    rows = _rows(parts, set(islice(_wanted(strategies), _MOST)))
    if source is None:
        return {one: _example(row, draw(row["map"][None])[0]) for one, row in rows.items()}
    drawn: dict[str, Example] = {}
    again = source.each_again(list(rows))
    while some := dict(islice(again, _AT_ONCE)):
        maps = np.stack([rows[one]["map"] for one in some])
        shown = draw(maps, _pictures(list(some.values()), layout))
        drawn.update((one, _example(rows[one], picture)) for one, picture in zip(some, shown, strict=True))
    return drawn


def _wanted(strategies: Sequence[Strategy]) -> Iterator[str]:
    """The ids, each once."""
    first = sorted(strategies, key=lambda one: not one.is_suspect)
    return iter(dict.fromkeys(one for own in first for one in (*own.typical[:_EACH], *own.extreme[:_EACH])))


def _rows(parts: Parts, wanted: set[str]) -> dict[str, Mapping[str, Any]]:
    """The rows of these examples."""
    found: dict[str, Mapping[str, Any]] = {}
    for _, block in parts.blocks(_COLUMNS):
        for row in [row for row, one in enumerate(block["id"]) if one in wanted]:
            # Copies: a view of one row would keep the whole block.
            found[block["id"][row]] = {name: np.copy(values[row]) for name, values in block.items()}
    return found


def _pictures(read: Sequence[Read], layout: Layout) -> np.ndarray:
    """What people should see of the examples, `(n, height, width, 3)` uint8."""
    shown = [one for _, _, one in read if one is not None]
    if len(shown) == len(read):
        return pictures(np.stack(shown))
    images = [optree.tree_leaves(image)[layout.picture or 0] for image, _, _ in read]
    return pictures(np.stack(images), layout.picture_axis)


def _example(row: Mapping[str, Any], picture: bytes) -> Example:
    probability, label = float(row["probability"]), int(row["label"])
    return Example(
        prediction=int(row["prediction"]),
        probability=probability if np.isfinite(probability) else None,
        label=label if label >= 0 else None,
        picture=picture,
    )
