"""Finding the strategies of all classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keras_saliency.checks.proposals.windows import window_enrichment, window_of
from keras_saliency.surveys.class_maps import classes_of
from keras_saliency.surveys.parts import Parts, Rows
from keras_saliency.surveys.strategies.parting import ClassParts
from keras_saliency.surveys.strategies.rare import LEAST, typical_count
from keras_saliency.surveys.strategies.views import COLUMNS, views_of
from keras_saliency.surveys.strategy import Kind, Strategy

EXTREME = 8
_SAMPLE, _IN_ALL, _LEAST_SAMPLE = 2048, 100_000, 256
_OTHERS = 256
_SMALL = 0.5


def find_strategies(parts: Parts, seed: int) -> tuple[tuple[Strategy, ...], np.ndarray]:
    """The strategies, and for each row, in the order of `parts`, the number of its strategy, −1 for none.

    The examples of a class (their label, else what is predicted) are compared by what a small picture shows, weighed by
    the map; by the map alone; and by what the last layer reads, as a mark that moves about is alike there alone.

    Rare examples are the tails of independent components of each of these, see `Tails`: up to three for what they show
    and no other examples do, and up to three for what the last layer reads (as poisoned examples are found, Chen et al.
    2018, arXiv:1811.03728). What is not rare is clustered spectrally as in Lapuschkin et al. 2019 (arXiv:1902.10178),
    512 examples of each class, and the others go where the nearest of these does. What hangs together with the rest
    of the class is no part of its own, see `spectral_parts`. The order of arrival does not matter.

    Memory grows with the number of examples by some numbers for each; maps are read twice, part by part.

    Args:
        parts: what was measured; without `thumbnail`, where no pictures are stored, maps and features alone tell.
        seed: of k-means and of the components.

    Returns:
        Strategies by class, the largest of each class first; examples without a class, or without a map, have none.
    """
    from threadpoolctl import threadpool_limits

    table = parts.columns(["id", "key", "label", "prediction", "magnitude"])
    classes = classes_of(table["label"], table["prediction"])
    has_map = np.nan_to_num(table["magnitude"], posinf=0) > 0
    members = _members(table, np.where(has_map, classes, -1))
    if not members:
        return (), np.full(len(classes), -1)
    views = [name for name in COLUMNS if name in parts.names]
    with threadpool_limits(1):  # small matrices: threads cost more than they save, and sum in no fixed order
        found = _parts(parts, views, members, seed)
    groups = [(index, part) for index, own in found.items() for part in range(len(own.parts) + 1)]
    belongs, away = np.full(len(classes), -1), np.zeros(len(classes))
    sums = [np.zeros(1)] * len(groups)
    for rows, block in parts.blocks(views):
        for index in np.unique(classes[rows[has_map[rows]]]):
            chosen = np.flatnonzero(has_map[rows] & (classes[rows] == index))
            if index < 0:
                continue
            part, away[rows[chosen]] = found[index].placed(views_of(block, chosen))
            group = groups.index((index, 0)) + part
            belongs[rows[chosen]] = group
            for one in np.unique(group):
                sums[one] = sums[one] + block["map"][chosen[group == one]].sum(0, dtype="float64")
    drafts = [
        _Draft(index, found[index].kind(part), own[belongs[own] == group], len(own), sums[group])
        for group, (index, part) in enumerate(groups)
        for own in [members[index]]
    ]
    present = [group for group, draft in enumerate(drafts) if len(draft.rows)]
    order = sorted(present, key=lambda group: (drafts[group].class_index, -len(drafts[group].rows)))
    numbers = np.full(len(drafts) + 1, -1)
    numbers[order] = np.arange(len(order))
    strategies = (
        drafts[group].strategy(number, table, away, [drafts[one] for one in present if one != group])
        for number, group in enumerate(order)
    )
    return tuple(strategies), numbers[belongs]


def _members(table: Rows, classes: np.ndarray) -> dict[int, np.ndarray]:
    """The rows of each class, in the order of their keys, which is a random one."""
    order = np.lexsort((table["id"].astype(str), table["key"].astype(str), classes))
    found, starts = np.unique(classes[order], return_index=True)
    groups = dict(zip(map(int, found), np.split(order, starts[1:]), strict=True))
    return {index: rows for index, rows in groups.items() if index >= 0}


def _parts(
    parts: Parts, views: Sequence[str], members: Mapping[int, np.ndarray], seed: int
) -> dict[int, ClassParts]:
    """How each class falls apart, from its examples of the smallest keys."""
    most = min(_SAMPLE, max(_LEAST_SAMPLE, _IN_ALL // max(1, len(members))))
    drawn = {index: rows[:most] for index, rows in members.items()}
    wanted = np.sort(np.concatenate(list(drawn.values())))
    points: dict[str, np.ndarray] = {}
    for rows, block in parts.blocks(views):
        chosen = np.flatnonzero(np.isin(rows, wanted))
        for name, values in views_of(block, chosen).items():
            kept = points.setdefault(name, np.empty((len(wanted), values.shape[1]), "float32"))
            kept[np.searchsorted(wanted, rows[chosen])] = values

    def of(rows: np.ndarray) -> dict[str, np.ndarray]:
        return {name: kept[np.searchsorted(wanted, rows)].astype("float64") for name, kept in points.items()}

    each = -(-_OTHERS // max(1, len(drawn) - 1))
    some = {index: rows[:each] for index, rows in drawn.items()}
    nothing = np.empty(0, int)
    return {
        index: ClassParts.of(
            of(rows), of(np.concatenate([nothing, *(some[one] for one in some if one != index)])), seed
        )
        for index, rows in drawn.items()
    }


@dataclass(frozen=True, eq=False)
class _Draft:
    """A strategy before it has a number: its rows in the order of their keys, and the sum of their maps."""

    class_index: int
    kind: Kind
    rows: np.ndarray
    of: int
    total: np.ndarray

    @property
    def mean_map(self) -> np.ndarray:
        return np.asarray(self.total / len(self.rows), "float32")

    def strategy(self, number: int, table: Rows, away: np.ndarray, others: Sequence[_Draft]) -> Strategy:
        """The strategy, beside the drafts of all others."""
        far = away[self.rows]
        order = np.argsort(far, kind="stable")
        label = table["label"][self.rows]
        right = (table["prediction"][self.rows] == label)[label >= 0]
        share = len(self.rows) / self.of
        apart = [
            float(abs(self.mean_map - one.mean_map).sum(dtype="float64"))
            for one in others
            if one.class_index == self.class_index
        ]
        peak, concentration = _hottest(self.mean_map)
        return Strategy(
            class_index=self.class_index,
            number=number,
            size=len(self.rows),
            share=share,
            mean_map=self.mean_map,
            accuracy=float(right.mean()) if len(right) else None,
            typical=tuple(map(str, table["id"][self.rows[order][: typical_count(len(far))]])),
            extreme=tuple(map(str, table["id"][self.rows[order[::-1]][:EXTREME]])),
            peak=peak,
            concentration=concentration,
            distance=min(apart, default=None),
            is_suspect=self.kind != "all" and share <= _SMALL and len(self.rows) >= LEAST,
            kind=self.kind,
        )


def _hottest(mean_map: np.ndarray) -> tuple[tuple[float, float], float]:
    """The centre of the hottest window of a map, in shares of its sides, and how hot it is."""
    size = window_of(*mean_map.shape) or mean_map.shape
    hot = np.nan_to_num(window_enrichment(mean_map[None], size)[0])
    corner = np.unravel_index(int(hot.argmax()), hot.shape)
    top, left = (np.array(corner) + np.array(size) / 2) / mean_map.shape
    return (float(top), float(left)), float(hot.max())
