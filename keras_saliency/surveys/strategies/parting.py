"""The parts of one class: spectral clusters of some of its examples, in several views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keras_saliency.surveys.strategies.sketch import Scale, nearest
from keras_saliency.surveys.strategies.spectral import spectral_parts
from keras_saliency.surveys.strategies.views import VIEWS
from keras_saliency.surveys.strategy import Kind

MOST = 8
"""So many clusters of a class at most, in each view."""
FEW = 512
"""So many points are clustered; the others go where the nearest of these does."""
_SAME = 0.5
Points = Mapping[str, np.ndarray]
"""The points of some examples, `(n, d)`, by view."""


@dataclass(frozen=True, eq=False)
class Parting:
    """How a class falls apart in one view; an example belongs where the nearest of a few does.

    Attributes:
        scale: of the points; None: as they are.
        few: `(k, d)`, the points that were clustered.
        parts: `(k,)` the part of each; 0: none.
    """

    scale: Scale | None
    few: np.ndarray
    parts: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, seed: int, *, scaled: bool) -> Parting:
        """Of a sample of the class, `(n, d)`, in a random order that is always the same."""
        scale = Scale.of(points) if scaled else None
        few = (points if scale is None else scale(points))[:FEW]
        return cls(scale, few, spectral_parts(few, MOST, seed))

    def part(self, points: np.ndarray) -> np.ndarray:
        """`(n,)` the part of each of these examples."""
        if not self.parts.any():
            return np.zeros(len(points), int)
        return np.asarray(self.parts[nearest(self.seen(points), self.few)[0]])

    def seen(self, points: np.ndarray) -> np.ndarray:
        """The points as they are compared."""
        return points if self.scale is None else self.scale(points)


@dataclass(frozen=True, eq=False)
class ClassParts:
    """The parts of a class, in all views together.

    Attributes:
        views: how it falls apart in each.
        parts: the view and the part in it of each, the largest first; the first of all is what belongs to no other.
        middles: of each in its own view.
    """

    views: Mapping[str, Parting]
    parts: tuple[tuple[str, int], ...]
    middles: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, points: Points, seed: int) -> ClassParts:
        """Of a sample of the class, in an order that is always the same. A part that two views see is one."""
        views = {
            name: Parting.of(points[name], seed, scaled=VIEWS[name] == "place")
            for name in VIEWS
            if name in points
        }
        found = {name: view.part(points[name]) for name, view in views.items()}
        kept: list[tuple[str, int]] = [("place", 0)]
        for name, parts in found.items():
            for part in range(1, int(parts.max()) + 1):
                own = parts == part
                if own.any() and not any(_alike(own, found[view] == other) for view, other in kept[1:]):
                    kept.append((name, part))
        belongs = _belongs(found, kept)
        counts = np.bincount(belongs, minlength=len(kept))
        order = [0, *(int(index) for index in np.argsort(-counts, kind="stable") if index and counts[index])]
        return cls(
            views,
            tuple(kept[index] for index in order),
            tuple(
                _middle(views[view].seen(points[view]), belongs == index)
                for index in order
                for view in [kept[index][0]]
            ),
        )

    def kind(self, index: int) -> Kind:
        """What the examples of a part have in common."""
        return VIEWS[self.parts[index][0]] if index else "all"

    def placed(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """Which part each example belongs to, and how far it is from the middle of it."""
        belongs = _belongs({name: view.part(points[name]) for name, view in self.views.items()}, self.parts)
        distances = np.empty(len(belongs))
        for index, ((name, _), middle) in enumerate(zip(self.parts, self.middles, strict=True)):
            own = belongs == index
            distances[own] = np.linalg.norm(self.views[name].seen(points[name][own]) - middle, axis=1)
        return belongs, distances


def _middle(points: np.ndarray, own: np.ndarray) -> np.ndarray:
    return np.asarray(points[own].mean(0) if own.any() else points.mean(0))


def _belongs(found: Points, parts: Sequence[tuple[str, int]]) -> np.ndarray:
    """The position of the part of each example; the earlier views come first."""
    belongs = np.zeros(len(found["place"]), int)
    for name in found:
        for index, (view, part) in enumerate(parts):
            if index and view == name:
                belongs[(found[name] == part) & (belongs == 0)] = index
    return belongs


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two parts have most of their examples in common."""
    return bool((one & other).sum() >= _SAME * (one | other).sum())
