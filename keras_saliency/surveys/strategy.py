"""A strategy as a value: examples of a class where the model looks at the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

import numpy as np

from keras_saliency.records.fields import list_of, number, text, whole

Kind = Literal["place", "features", "all"]
"""What its examples have in common: what is at a place, what the last layer reads, or the class alone (it has one)."""


@dataclass(frozen=True, eq=False)
class Strategy:
    """Examples of one class where the model looks at the same place or content.

    Attributes:
        class_index: the class: their label, else what is predicted.
        number: from 0, over all classes: the position in `Survey.strategies`, and the column `strategy` of the table.
        size: how many examples.
        share: of the examples of the class, 0 to 1.
        mean_map: `(height, width)` float32, the mean of their maps, each of which sums to 1.
        accuracy: the share of them that is predicted as labelled; None without labels.
        typical: ids of the most typical, the first of them first: the nearest to the middle, or the farthest out along
            the component of rare examples.
        extreme: ids of the least typical, the last of them first.
        peak: the centre of the window where the mean map is hottest, as shares of height and width from the top left.
        concentration: the enrichment of that window in the mean map: 1 is chance.
        distance: from the nearest other strategy of the class, 0 to 2; None where there is no other.
        is_suspect: whether it is tried by experiment: it is a part of its class, no more than half of it.
        kind: see `Kind`.

    Example:
        >>> survey = ks.survey(model, (images, labels), "survey", progress=False)
        >>> sum(strategy.size for strategy in survey.strategies) <= len(images)
        True
    """

    class_index: int
    number: int
    size: int
    share: float
    mean_map: np.ndarray = field(repr=False)
    accuracy: float | None
    typical: tuple[str, ...] = field(repr=False)
    extreme: tuple[str, ...] = field(repr=False)
    peak: tuple[float, float]
    concentration: float
    distance: float | None
    is_suspect: bool
    kind: Kind

    def as_json(self) -> dict[str, Any]:
        """All but the mean map, JSON-ready."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "mean_map"}


def strategy_from(stored: Mapping[str, Any], mean_map: np.ndarray) -> Strategy:
    """The strategy that `as_json` described.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    if stored["kind"] not in get_args(Kind) or type(stored["is_suspect"]) is not bool:
        raise ValueError(f"kind={stored['kind']!r:.50}, is_suspect={stored['is_suspect']!r:.50}")
    top, left = list_of(float, stored["peak"], 2)
    return Strategy(
        class_index=whole(stored["class_index"]),
        number=whole(stored["number"]),
        size=whole(stored["size"]),
        share=float(stored["share"]),
        mean_map=mean_map,
        accuracy=number(stored["accuracy"]),
        typical=tuple(list_of(text, stored["typical"])),
        extreme=tuple(list_of(text, stored["extreme"])),
        peak=(top, left),
        concentration=float(stored["concentration"]),
        distance=number(stored["distance"]),
        is_suspect=stored["is_suspect"],
        kind=stored["kind"],
    )
