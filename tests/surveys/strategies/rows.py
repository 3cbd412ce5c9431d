"""Rows of a data set made by hand: maps and features whose groups are known."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

SIDE, FEATURES = 20, 24


@dataclass(frozen=True, eq=False)
class Table:
    """Columns in memory, as a survey's parts give them."""

    data: dict

    @property
    def names(self):
        return list(self.data)

    def columns(self, names):
        return {name: self.data[name] for name in names}

    def blocks(self, names, size=97):
        for start in range(0, len(self.data["id"]), size):
            rows = np.arange(len(self.data["id"]))[start : start + size]
            yield rows, {name: self.data[name][rows] for name in names}

    def reordered(self, order):
        return Table({name: values[order] for name, values in self.data.items()})


def table(groups, seed=0):
    """Rows of groups, each `(class, count, corner of the hot place or None, features that are raised)`.

    Maps and features are noise, with 60 % of the map in the place, and some features eight deviations higher.
    """
    rng = np.random.default_rng(seed)
    columns = {name: [] for name in ("label", "map", "features", "group")}
    for group, (index, count, corner, raised) in enumerate(groups):
        for _ in range(count):
            hot = rng.gamma(1.0, size=(SIDE, SIDE))
            hot *= 0.4 / hot.sum()
            features = rng.normal(size=FEATURES)
            features[list(raised)] += 8
            if corner is None:
                hot /= 0.4
            else:
                hot[corner[0] : corner[0] + 3, corner[1] : corner[1] + 3] += 0.6 / 9
            for name, value in zip(columns, (index, hot, features, group), strict=True):
                columns[name].append(value)
    data = {name: np.array(values) for name, values in columns.items()}
    count = len(data["group"])
    data["map"], data["features"] = data["map"].astype("float32"), data["features"].astype("float32")
    data["id"] = np.arange(count).astype(str)
    data["key"] = np.array([sha256(name.encode()).hexdigest()[:16] for name in data["id"]])
    data["prediction"] = data["label"].copy()
    data["magnitude"] = np.ones(count)
    return Table(data)
