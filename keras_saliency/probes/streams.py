"""Data sets that people train on, example by example: read by index, or from a copy."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import chain
from typing import Any

import numpy as np
import optree

from keras_saliency.probes import tf_data
from keras_saliency.probes.arrays import as_array, is_array
from keras_saliency.probes.randomness import undisturbed_generators, undisturbed_random_state

Examples = Iterator[tuple[int, Any, Any]]
"""`(position, image, label)`, the label None where there is none."""

KINDS = "a tf.data.Dataset, a keras.utils.PyDataset or a torch DataLoader"


def is_stream(source: Any) -> bool:
    """Whether examples come from this one after another: a data set or a generator, and no arrays."""
    if is_array(source) or isinstance(source, (str, bytes, list, tuple, Mapping)):
        return False
    return tf_data.is_tf_data(source) or _is_loader(source) or _has_batches(source) or is_generator(source)


def refuse_generator(source: Any) -> None:
    """Raise `ValueError` for what gives each example once: what is drawn from it, a training would miss."""
    if is_generator(source):
        raise ValueError(
            f"A {type(source).__name__} gives each example once, and a training would miss those that are drawn from "
            f"it as probes. Give arrays, {KINDS}."
        )


def refuse_endless(source: Any) -> None:
    """Raise `ValueError` for a data set that is known to repeat forever."""
    endless = tf_data.is_endless(source) if tf_data.is_tf_data(source) else _is_endless(source)
    if endless:
        raise ValueError(
            "Expected a data set that ends, as every image is explained. Received: one without end; give a part of "
            "it, such as dataset.take(2), or draw from it: ks.ProbeSet.sample(dataset)."
        )


def examples(source: Any, rng: np.random.Generator | None, seed: int) -> AbstractContextManager[Examples]:
    """The single examples of a data set. Once they are read, all random states are as before.

    Args:
        source: see `KINDS`, or anything with batches by index, or a generator.
        rng: chooses the order where examples are read by index; None: their own order.
        seed: of the shuffles in a `tf.data` pipeline, which is copied.

    Raises:
        ValueError: it cannot be read without a trace.
        TypeError: this is no source of examples.
    """
    if tf_data.is_tf_data(source):
        copy = tf_data.own_copy(source, seed, in_order=tf_data.file_names(source) is not None)
        return _read(_of_tf_data(copy.dataset), copy.runs_python)
    if _is_loader(source):
        return _read(_of_data_loader(source, rng), True, source.dataset)
    if _has_batches(source):
        return _read(_numbered(source[index] for index in _batch_indices(source)), True, source)
    if is_generator(source):
        return _read(_numbered(source), True, source)
    raise TypeError(f"Expected arrays, {KINDS}. Received: {type(source).__name__}")


@contextmanager
def _read(found: Examples, runs_python: bool, *holders: Any) -> Iterator[Examples]:
    """The examples; reading ends before the random states are restored, also in threads that read ahead."""
    states = undisturbed_generators(*holders) if runs_python else undisturbed_random_state()
    with states, closing(found):  # type: ignore[type-var]
        yield found


def is_generator(source: Any) -> bool:
    """Whether this gives each example once."""
    return hasattr(source, "__next__")


def _is_loader(source: Any) -> bool:
    return hasattr(source, "batch_sampler") and hasattr(source, "dataset")


def _has_batches(source: Any) -> bool:
    if isinstance(source, (str, Mapping)) or not hasattr(source, "__getitem__"):
        return False
    return hasattr(source, "num_batches") or hasattr(source, "__len__")


def _is_endless(source: Any) -> bool:
    return hasattr(source, "num_batches") and source.num_batches is None


def _batch_indices(source: Any) -> Iterable[int]:
    if _is_endless(source):  # as Keras has it
        return itertools.count()
    return range(source.num_batches if hasattr(source, "num_batches") else len(source))


def _numbered(elements: Iterable[Any]) -> Examples:
    rows = chain.from_iterable(map(_rows, elements))
    for position, (image, label) in enumerate(rows):
        yield position, image, label


def _of_tf_data(dataset: Any) -> Examples:
    yield from _numbered(dataset.as_numpy_iterator())


def _of_data_loader(loader: Any, rng: np.random.Generator | None) -> Examples:
    dataset = loader.dataset
    if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
        raise ValueError(
            "This DataLoader's dataset can only be iterated, and iterating a DataLoader draws from PyTorch's "
            "global random generator, which would change the training. Draw the probes yourself and give them "
            "as arrays."
        )
    count = len(dataset)
    for position in map(int, range(count) if rng is None else rng.permutation(count)):
        example = dataset[position]
        for image, label in _rows(loader.collate_fn([example] if loader.batch_sampler else example)):
            yield position, image, label


def _rows(element: Any) -> Iterator[tuple[Any, Any]]:
    """The examples of one element: a batch `(images, labels)`, a single example of this form, or images alone.

    Images alone are a batch, as Keras takes them. What stands behind the labels, such as weights, is left out.
    """
    if not isinstance(element, (tuple, list)) or len(element) == 1:
        images = optree.tree_map(as_array, element[0] if isinstance(element, (tuple, list)) else element)
        for row in range(_length(images)):
            yield optree.tree_map(lambda array, row=row: array[row], images), None
        return
    if len(element) > 3:
        raise ValueError(
            f"Expected elements (images, labels). Received: a {type(element).__name__} of {len(element)}"
        )
    images, labels = optree.tree_map(as_array, element[0]), optree.tree_map(np.asarray, element[1])
    if not _is_batch(images, labels):
        yield images, labels
        return
    for row in range(len(labels)):
        yield optree.tree_map(lambda array, row=row: array[row], images), labels[row]


def _length(images: Any) -> int:
    lengths = {leaf.shape[:1] for leaf in optree.tree_leaves(images)}
    if len(lengths) != 1 or lengths == {()}:
        raise ValueError(f"Expected batches of images. Received: inputs of the lengths {sorted(lengths)}")
    return int(*lengths.pop())


def _is_batch(images: Any, labels: Any) -> bool:
    """Whether images and labels share their leading axis: a one-hot label and its image do not."""
    count = np.shape(labels)[:1]
    return count != () and all(leaf.shape[:1] == count for leaf in optree.tree_leaves(images))
