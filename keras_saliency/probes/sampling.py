"""Drawing a few examples, evenly over the classes, from any data that people train on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import optree

from keras_saliency.probes.labels import class_indices
from keras_saliency.randomness import undisturbed_random_state


@dataclass(frozen=True)
class Drawn:
    """Examples drawn from a source: images (a tree of arrays), labels, and their positions in the source."""

    images: Any
    labels: np.ndarray | None
    positions: np.ndarray


def per_class(source: Any, y: Any, count: int, seed: int, limit: int) -> Drawn:
    """`count` examples of each class; every class that the first `limit` examples hold has its share.

    Arrays are drawn from as a whole. A `tf.data.Dataset` or `PyDataset` is read from its beginning, a PyTorch
    `DataLoader` by random indices of its dataset. No global random state is touched.

    Raises:
        ValueError: the source has no labels, is empty, or (an iterable-style DataLoader) cannot be read without
            a trace.
        TypeError: this is not a source of examples.
    """
    rng = np.random.default_rng(seed)
    if _is_arrays(source):
        if y is None:
            raise ValueError(
                "Drawing per class needs labels: give y=, or choose the images yourself with ProbeSet(images)."
            )
        labels, *_ = [class_indices(y, len(leaf)) for leaf in optree.tree_leaves(source)]
        return take(source, labels, _first_of_each_class(labels, rng.permutation(len(labels)), count))
    if y is not None:
        raise ValueError(f"A {type(source).__name__} brings its own labels. Received: y={type(y).__name__}")
    with undisturbed_random_state():
        return _from_stream(islice(_examples(source, rng), limit), count, rng)


def evenly(images: Any, labels: np.ndarray | None, count: int, seed: int) -> Drawn:
    """`count` examples in all, as evenly over the labels as they allow."""
    total = len(optree.tree_leaves(images)[0])
    order = np.random.default_rng(seed).permutation(total)
    if labels is not None:
        order = order[np.argsort(_rank_within_class(labels[order]), kind="stable")]
    return take(images, labels, order[:count])


def take(images: Any, labels: np.ndarray | None, positions: np.ndarray) -> Drawn:
    """The examples at these positions, in order of label, then of position."""
    positions = np.sort(positions)
    if labels is not None:
        positions = positions[np.argsort(labels[positions], kind="stable")]
    chosen = optree.tree_map(lambda array: np.asarray(array)[positions], images)
    return Drawn(chosen, None if labels is None else labels[positions], positions)


def _is_arrays(source: Any) -> bool:
    leaves = optree.tree_leaves(source)
    return bool(leaves) and all(hasattr(leaf, "__array__") and hasattr(leaf, "shape") for leaf in leaves)


def _first_of_each_class(labels: np.ndarray, order: np.ndarray, count: int) -> np.ndarray:
    return order[_rank_within_class(labels[order]) < count]


def _rank_within_class(labels: np.ndarray) -> np.ndarray:
    """For each label, how many equal ones stand before it."""
    by_class = np.argsort(labels, kind="stable")
    sizes = np.unique(labels, return_counts=True)[1]
    ranks = np.empty(len(labels), "int64")
    ranks[by_class] = np.concatenate([np.arange(size) for size in sizes]) if len(sizes) else []
    return ranks


def _from_stream(examples: Iterator[tuple[int, Any, Any]], count: int, rng: np.random.Generator) -> Drawn:
    """A reservoir of `count` examples per class: only what is kept is held in memory."""
    seen: dict[int, int] = {}
    kept: dict[int, list[tuple[int, Any]]] = {}
    for position, image, label in examples:
        key = int(class_indices(np.asarray(label)[None])[0])
        seen[key] = seen.get(key, 0) + 1
        reservoir = kept.setdefault(key, [])
        slot = len(reservoir) if len(reservoir) < count else int(rng.integers(seen[key]))
        if slot < count:
            reservoir[slot : slot + 1] = [(position, optree.tree_map(np.array, image))]
    if not kept:
        raise ValueError("The source of probes is empty.")
    chosen = [
        (label, *pair) for label in sorted(kept) for pair in sorted(kept[label], key=lambda pair: pair[0])
    ]
    labels, positions, images = zip(*chosen, strict=True)
    stacked = optree.tree_map(lambda *rows: np.stack(rows), *images)
    return Drawn(stacked, np.array(labels), np.array(positions))


def _examples(source: Any, rng: np.random.Generator) -> Iterator[tuple[int, Any, Any]]:
    """Single examples of a data set, `(position, image, label)`."""
    if hasattr(source, "as_numpy_iterator"):
        return _numbered(source.as_numpy_iterator())
    if hasattr(source, "batch_sampler") and hasattr(source, "dataset"):
        return _of_data_loader(source, rng)
    if _has_batches(source):
        return _numbered(source[index] for index in _batch_indices(source))
    raise TypeError(
        "Expected arrays, a tf.data.Dataset, a keras.utils.PyDataset or a torch DataLoader. "
        f"Received: {type(source).__name__}"
    )


def _has_batches(source: Any) -> bool:
    if isinstance(source, (str, Mapping)) or not hasattr(source, "__getitem__"):
        return False
    return hasattr(source, "num_batches") or hasattr(source, "__len__")


def _batch_indices(source: Any) -> Iterable[int]:
    batches = source.num_batches if hasattr(source, "num_batches") else len(source)
    return itertools.count() if batches is None else range(batches)  # None: a PyDataset without end


def _numbered(elements: Iterable[Any]) -> Iterator[tuple[int, Any, Any]]:
    rows = chain.from_iterable(map(_rows, elements))
    return ((position, image, label) for position, (image, label) in enumerate(rows))


def _of_data_loader(loader: Any, rng: np.random.Generator) -> Iterator[tuple[int, Any, Any]]:
    dataset = loader.dataset
    if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
        raise ValueError(
            "This DataLoader's dataset can only be iterated, and iterating a DataLoader draws from PyTorch's "
            "global random generator, which would change the training. Draw the probes yourself and give them "
            "as arrays."
        )
    for position in map(int, rng.permutation(len(dataset))):
        example = dataset[position]
        for image, label in _rows(loader.collate_fn([example] if loader.batch_sampler else example)):
            yield position, image, label


def _rows(element: Any) -> Iterator[tuple[Any, Any]]:
    """The examples of one element `(images, labels)`: a batch, or a single example."""
    if not isinstance(element, (tuple, list)) or len(element) not in (2, 3):
        raise ValueError(
            "Drawing per class needs labels: expected elements (images, labels). Received: no labels"
        )
    images, labels = optree.tree_map(np.asarray, (element[0], element[1]))
    if not _is_batch(images, labels):
        yield images, labels
        return
    for row in range(len(labels)):
        yield optree.tree_map(lambda array, row=row: array[row], images), labels[row]


def _is_batch(images: Any, labels: Any) -> bool:
    """Whether images and labels share their leading axis: a one-hot label and its image do not."""
    count = np.shape(labels)[:1]
    return count != () and all(leaf.shape[:1] == count for leaf in optree.tree_leaves(images))
