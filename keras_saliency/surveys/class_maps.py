"""What the maps of each class come to: their mean and their spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_saliency.surveys.parts import Parts


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """The mean and the spread of the maps of each class, each map with a sum of 1.

    Attributes:
        classes: `(classes,)` int64, those that examples belong to: by their label, else by what is predicted.
        counts: `(classes,)` int64, how many examples have a map with content.
        mean: `(classes, height, width)` float32.
        spread: likewise, the standard deviation.
    """

    classes: np.ndarray
    counts: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


def classes_of(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """The class that each example belongs to: its label, else what is predicted."""
    return np.where(label >= 0, label, prediction)


def class_maps(parts: Parts) -> ClassMaps:
    """The mean and the spread of the maps of each class, part by part; the order of the parts is of no account."""
    columns = parts.columns(["label", "prediction"])
    classes = np.unique(classes_of(columns["label"], columns["prediction"]))
    counts = np.zeros(len(classes), "int64")
    sums = squares = np.zeros(0)
    for _, rows in parts.blocks(["label", "prediction", "map"]):
        maps = rows["map"].astype("float64")
        if not sums.size:
            sums, squares = (np.zeros((len(classes), *maps.shape[1:])) for _ in range(2))
        with_content = maps.any((1, 2)) & np.isfinite(maps).all((1, 2))
        places = np.searchsorted(classes, classes_of(rows["label"], rows["prediction"]))
        for place in np.unique(places[with_content]):
            of_class = maps[with_content & (places == place)]
            counts[place] += len(of_class)
            sums[place] += of_class.sum(0)
            squares[place] += (of_class**2).sum(0)  # in float64, which loses nothing of values from 0 to 1
    some = np.maximum(counts, 1)[:, None, None]
    mean = sums / some
    spread = np.sqrt(np.maximum(squares / some - mean**2, 0))
    return ClassMaps(classes, counts, mean.astype("float32"), spread.astype("float32"))
