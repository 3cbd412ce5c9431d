"""Drawing a few examples, evenly over the classes, from any data that people train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import optree

from keras_saliency.probes import streams
from keras_saliency.probes.arrays import as_array, count_of, is_array
from keras_saliency.probes.labels import class_indices

LIMIT = 10_000
"""Of a data set so many examples are read at most, where nothing else is asked for."""

MOST_BYTES = 2**30
"""Bytes of the images of a data set that is read as a whole."""


@dataclass(frozen=True)
class Drawn:
    """Examples drawn from a source: images (a tree of arrays), labels, and their positions in the source."""

    images: Any
    labels: np.ndarray | None
    positions: np.ndarray


def per_class(source: Any, y: Any, count: int, seed: int, limit: int) -> Drawn:
    """`count` examples of each class; every class that the first `limit` examples hold has its share.

    Arrays are drawn from as a whole. A `PyDataset` is read from its beginning, and so is a copy of a `tf.data.Dataset`
    whose shuffles get `seed`; a PyTorch `DataLoader` by random indices of its dataset. No random state is touched.

    Raises:
        ValueError: the source has no labels, is empty, or cannot be read without a trace.
        TypeError: this is not a source of examples.
    """
    if is_arrays(source):
        if y is None:
            raise ValueError(
                "Drawing per class needs labels: give y=, or choose the images yourself with ProbeSet(images)."
            )
        labels, *_ = [class_indices(y, len(leaf)) for leaf in optree.tree_leaves(source)]
        order = np.random.default_rng(seed).permutation(len(labels))
        return take(source, labels, order[_rank_within_class(labels[order]) < count])
    kept = _Kept(count)
    _read_into(kept, source, y, seed, limit)
    if None in kept.classes:
        raise ValueError(
            "Drawing per class needs labels: expected elements (images, labels). Received: no labels"
        )
    return kept.drawn()


def evenly(source: Any, y: Any, count: int, seed: int) -> Drawn:
    """`count` examples in all, as evenly over the labels as they allow; fewer where there are fewer.

    Sources and errors as `per_class`; labels are not needed. Of a data set `LIMIT` examples are read at most.
    """
    if not is_arrays(source):
        kept = _Kept(count, most_classes=count)
        _read_into(kept, source, y, seed, LIMIT)
        found = kept.drawn()
        source, y = found.images, found.labels
    else:
        found = None
        y = None if y is None else class_indices(y, count_of(source))
    order = np.random.default_rng(seed).permutation(count_of(source))
    if y is not None:
        order = order[np.argsort(_rank_within_class(y[order]), kind="stable")]
    chosen = take(source, y, order[:count])
    return chosen if found is None else Drawn(chosen.images, chosen.labels, found.positions[chosen.positions])


def everything(source: Any) -> Drawn:
    """All examples of a data set in its own order, as far as `MOST_BYTES` hold them. A generator is used up.

    Raises:
        ValueError: it is empty, has no end or more bytes, or only some of its examples have labels.
    """
    streams.refuse_endless(source)
    images, labels, size = [], [], 0
    with streams.examples(source, None, 0) as examples:
        for _, image, label in examples:
            images.append(optree.tree_map(np.array, image))
            labels.append(label)
            size += sum(leaf.nbytes for leaf in optree.tree_leaves(images[-1]))
            if size > MOST_BYTES:
                raise ValueError(
                    "Expected a data set whose images fit into 1 GiB, as every image is explained and all maps are "
                    f"kept. Received: more, after {len(images)} images; give a part of it, such as dataset.take(2)."
                )
    if not images:
        raise ValueError("The data set is empty.")
    return Drawn(stacked(images), labels_of(labels), np.arange(len(images)))


def take(images: Any, labels: np.ndarray | None, positions: np.ndarray) -> Drawn:
    """The examples at these positions, in order of label, then of position."""
    positions = np.sort(positions)
    if labels is not None:
        positions = positions[np.argsort(labels[positions], kind="stable")]
    chosen = optree.tree_map(lambda array: as_array(array)[positions], images)
    return Drawn(chosen, None if labels is None else labels[positions], positions)


def is_arrays(source: Any) -> bool:
    """Whether this is a tree of arrays."""
    leaves = optree.tree_leaves(source)
    return bool(leaves) and all(map(is_array, leaves))


@dataclass
class _Kept:
    """A reservoir of examples for each class: only what is kept is held in memory.

    Attributes:
        most: examples of each class.
        most_classes: so many classes, chosen at random; None: all.
    """

    most: int
    most_classes: int | None = None
    classes: dict[int | None, list[tuple[int, Any]]] = field(default_factory=dict)
    _seen: dict[int | None, int] = field(default_factory=dict)
    _luck: dict[int | None, float] = field(default_factory=dict)

    def add(self, position: int, image: Any, label: int | None, rng: np.random.Generator) -> None:
        """Keep one more example of this class, or not."""
        self._seen[label] = self._seen.get(label, 0) + 1
        if not self._has_room(label, rng):
            return
        reservoir = self.classes.setdefault(label, [])
        slot = len(reservoir) if len(reservoir) < self.most else int(rng.integers(self._seen[label]))
        if slot < self.most:
            reservoir[slot : slot + 1] = [(position, optree.tree_map(np.array, image))]

    def drawn(self) -> Drawn:
        """What was kept, by label, then by position."""
        if not self.classes:
            raise ValueError("The source of probes is empty.")
        if None in self.classes and len(self.classes) > 1:
            raise ValueError("Expected elements that all have labels, or none. Received: both kinds")
        chosen = [
            (label, *pair)
            for label in sorted(self.classes, key=lambda label: label or 0)
            for pair in sorted(self.classes[label], key=lambda pair: pair[0])
        ]
        labels, positions, images = zip(*chosen, strict=True)
        return Drawn(stacked(images), None if None in self.classes else np.array(labels), np.array(positions))

    def _has_room(self, label: int | None, rng: np.random.Generator) -> bool:
        """Whether the class is among those that are kept; a luckier one drives the unluckiest out."""
        if self.most_classes is None or label in self.classes:
            return True
        if label in self._luck:
            return False
        self._luck[label] = rng.random()
        if len(self.classes) < self.most_classes:
            return True
        unluckiest = max(self.classes, key=lambda one: self._luck[one])
        if self._luck[label] > self._luck[unluckiest]:
            return False
        del self.classes[unluckiest]
        return True


def _read_into(kept: _Kept, source: Any, y: Any, seed: int, limit: int) -> None:
    """Read at most `limit` examples of a data set."""
    if y is not None:
        raise ValueError(f"A {type(source).__name__} brings its own labels. Received: y={type(y).__name__}")
    streams.refuse_generator(source)
    rng = np.random.default_rng(seed)
    with streams.examples(source, rng, seed) as examples:
        for position, image, label in islice(examples, limit):
            kept.add(position, image, None if label is None else _class_of(label), rng)


def _class_of(label: Any) -> int:
    return int(class_indices(np.asarray(label)[None])[0])


def labels_of(labels: Sequence[Any]) -> np.ndarray | None:
    """Those of single examples as class indices, None where no example has one. Raises `ValueError` where some have."""
    known = [label is not None for label in labels]
    if any(known) != all(known):
        raise ValueError("Expected elements that all have labels, or none. Received: both kinds")
    return class_indices(np.stack(labels)) if all(known) else None


def stacked(images: Any) -> Any:
    """Single examples, trees of arrays, as one tree. Raises `ValueError` where they differ in size."""
    try:
        return optree.tree_map(lambda *rows: np.stack(rows), *images)
    except ValueError as error:
        shapes = {str(optree.tree_map(np.shape, image)) for image in images}
        raise ValueError(
            f"Expected images of one size. Received: images of the shapes {', '.join(sorted(shapes)[:5])}"
        ) from error


def _rank_within_class(labels: np.ndarray) -> np.ndarray:
    """For each label, how many equal ones stand before it."""
    by_class = np.argsort(labels, kind="stable")
    sizes = np.unique(labels, return_counts=True)[1]
    ranks = np.empty(len(labels), "int64")
    ranks[by_class] = np.concatenate([np.arange(size) for size in sizes]) if len(sizes) else []
    return ranks
