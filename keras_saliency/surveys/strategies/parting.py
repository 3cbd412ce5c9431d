"""The parts of one class: examples that are rare in the same way, and clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from keras_saliency.surveys.strategies.clusters import Clusters
from keras_saliency.surveys.strategies.rare import Points, rare_tails
from keras_saliency.surveys.strategies.tails import Tails
from keras_saliency.surveys.strategy import Kind

_SAME = 0.5
_MAPS = "place"
_KINDS: Mapping[str, Kind] = {"seen": "place", "place": "place", "features": "features"}


@dataclass(frozen=True)
class Part:
    """One part of a class: the tail of a component in a view, or (`is_rare` false) a cluster."""

    view: str
    number: int
    is_rare: bool


@dataclass(frozen=True, eq=False)
class ClassParts:
    """The parts of a class.

    Attributes:
        tails: the components of each view.
        clusters: of the maps.
        parts: the rare ones first; examples of none of them are the rest of the class.
        middles: of the rest and of each cluster, of the maps.
    """

    tails: Mapping[str, Tails]
    clusters: Clusters
    parts: tuple[Part, ...]
    middles: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, points: Points, others: Points, seed: int) -> ClassParts:
        """Of a sample of the class, in an order that is always the same, beside some examples of other classes.

        Parts that have most of their examples in common are one.
        """
        tails = {name: Tails.of(values, seed) for name, values in points.items()}
        clusters = Clusters.of(points[_MAPS], seed)
        found = {Part(*tail, is_rare=True): own for tail, own in rare_tails(points, others, tails).items()}
        labels = clusters.part(points[_MAPS])
        found |= {
            Part(_MAPS, number, is_rare=False): labels == number for number in range(1, clusters.count + 1)
        }
        parts: list[Part] = []
        for part, own in found.items():
            if own.any() and not any(_alike(own, found[other]) for other in parts):
                parts.append(part)
        drawn = cls(tails, clusters, tuple(parts), ())
        belongs, maps = drawn.belongs(points), points[_MAPS]
        middles = (maps[belongs == number] for number in range(len(parts) + 1))
        return cls(
            tails, clusters, tuple(parts), tuple((own if len(own) else maps).mean(0) for own in middles)
        )

    def kind(self, number: int) -> Kind:
        """What the examples of a part have in common; number 0 is the rest of the class."""
        return _KINDS[self.parts[number - 1].view] if number else "all"

    def belongs(self, points: Points) -> np.ndarray:
        """`(n,)` the number of the part of each example, from 1; 0: the rest. What is rare decides before clusters."""
        return self._placed(points)[0]

    def placed(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """The same, and how far each example is from what is typical of its part."""
        belongs, away = self._placed(points)
        for number, middle in enumerate(self.middles):
            if number == 0 or not self.parts[number - 1].is_rare:
                own = belongs == number
                away[own] = np.linalg.norm(points[_MAPS][own] - middle, axis=1)
        return belongs, away

    def _placed(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        heights = {name: view.heights(points[name]) for name, view in self.tails.items()}
        labels = self.clusters.part(points[_MAPS])
        belongs, highest = np.zeros(len(labels), int), np.ones(len(labels))
        for number, part in enumerate(self.parts, 1):
            if part.is_rare:
                height = heights[part.view][:, part.number]
                farther = height > highest
                belongs[farther], highest[farther] = number, height[farther]
        for number, part in enumerate(self.parts, 1):
            if not part.is_rare:
                belongs[(belongs == 0) & (labels == part.number)] = number
        return belongs, -highest


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two parts have most of their examples in common."""
    return bool((one & other).sum() >= _SAME * (one | other).sum())
