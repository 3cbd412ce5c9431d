"""Which rare examples are worth an experiment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_saliency.checks.proposals.likeness import FLOOR, distinctness
from keras_saliency.surveys.strategies.tails import Tails

LEAST = 12
"""Fewer examples are no part."""
TYPICAL = 24
_EACH = 3
"""So many tails are kept for what they show, and so many for what the last layer reads."""
_DISTINCT, _SKEWED = 3.0, 2.5
"""Less distinct, or less skewed, is what classes have that nothing is planted in."""
_RARE = 0.5
Points = Mapping[str, np.ndarray]
"""The points of some examples, `(n, d)`, by view."""


def typical_count(size: int) -> int:
    """How many of the examples of a part are typical: half, more of a small one."""
    return min(TYPICAL, max(LEAST, size // 2), size)


def rare_tails(
    points: Points, others: Points, tails: Mapping[str, Tails]
) -> dict[tuple[str, int], np.ndarray]:
    """The tails that are worth an experiment: view and component, and which examples are in each, `(n,)` booleans.

    First up to three whose examples show most distinctly what neither the others of the class nor other classes show;
    then up to three of the features, the most skewed, where what is alike may be anywhere.

    Args:
        points: of examples of the class.
        others: of examples of other classes.
        tails: of each view.
    """
    view = "seen" if "seen" in points else "place"
    own, beyond = points[view], others[view]
    floor = FLOOR * float(np.concatenate([own, beyond]).std())
    distinct: dict[tuple[str, int], float] = {}
    skewed: dict[tuple[str, int], float] = {}
    members = {}
    for name, components in tails.items():
        for number, height in enumerate(components.heights(points[name]).T):
            tail, is_in = (name, number), height > 1
            if not LEAST <= is_in.sum() <= _RARE * len(own):
                continue
            members[tail] = is_in
            top = own[np.argsort(-height, kind="stable")[: typical_count(int(is_in.sum()))]]
            common, rest = np.median(top, axis=0), np.concatenate([own[~is_in], beyond])
            apart = distinctness(abs(top - common), abs(rest - common), floor).max()
            if apart > _DISTINCT:
                distinct[tail] = float(apart)
            if name == "features" and components.skewness[number] > _SKEWED:
                skewed[tail] = components.skewness[number]
    kept = (
        tail
        for worth in (distinct, skewed)
        for tail in sorted(worth, key=worth.__getitem__)[: -_EACH - 1 : -1]
    )
    return {tail: members[tail] for tail in kept}
