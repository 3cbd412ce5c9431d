"""The examples of a data set, chunk by chunk, and some of them again."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import numpy as np
import optree

from keras_saliency.probes import ProbeSet
from keras_saliency.probes.arrays import count_of
from keras_saliency.probes.sampling import stacked
from keras_saliency.surveys.ray_data import OfRay
from keras_saliency.surveys.sources import Batch, Example, Reader, reader_of

NAMED = 100
"""So many examples that cannot be read are named; all are counted."""

_BLOCK = 256
"""Examples that are read at once where only their keys are wanted."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some examples.

    Attributes:
        ids: one for each, see `Source`.
        keys: 16 hexadecimal digits of a hash of the image, as the model takes it, and the label.
        images: a tree of arrays, the batch first.
        labels: `(n,)` int64; None: they have none.
    """

    ids: list[str]
    keys: list[str]
    images: Any = field(repr=False)
    labels: np.ndarray | None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int]) -> Chunk:
        """Those in these rows."""
        images = optree.tree_map(lambda leaf: leaf[list(rows)], self.images)
        labels = None if self.labels is None else self.labels[list(rows)]
        return Chunk([self.ids[row] for row in rows], [self.keys[row] for row in rows], images, labels)


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Chunks after each other."""
    if len(chunks) == 1:
        return chunks[0]
    labels = None if chunks[0].labels is None else np.concatenate([chunk.labels for chunk in chunks])  # type: ignore[misc]
    images = optree.tree_map(lambda *leaves: np.concatenate(leaves), *(chunk.images for chunk in chunks))
    ids, keys = ([one for chunk in chunks for one in getattr(chunk, what)] for what in ("ids", "keys"))
    return Chunk(ids, keys, images, labels)


class Source:
    """The examples of a data set. Each has an id: its row, its path below the folder, or its key.

    A data set that is read in an order of its own tells no rows: there ids are keys, and further copies of an example
    have `-2`, `-3`, … behind it. Examples that cannot be read, or hold NaN or infinite values, are left out.

    Args:
        reader: of the data set.

    Attributes:
        unreadable: the ids of the examples that the last pass left out, at most 100 of them.
        unreadable_count: of all of them.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._chosen: frozenset[str] | None = None
        self._alike: Any = None
        self.unreadable: list[str] = []
        self.unreadable_count = 0

    @classmethod
    def of(cls, model: Any, dataset: Any, target: Any = None) -> Source:
        """The examples of what `ks.survey` takes; raises as `ks.survey`."""
        return cls(reader_of(model, dataset, target))

    @property
    def count(self) -> int | None:
        """How many examples there are, with those that cannot be read; None: nobody knows before."""
        return self._reader.count if self._chosen is None else len(self._chosen)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """One for each class; None: they have none."""
        return self._reader.class_names

    @property
    def channel_axis(self) -> int | None:
        """Where images have their channels, where the data set says so."""
        return self._reader.channel_axis

    @property
    def ids(self) -> Sequence[str]:
        """Those of the examples, where they are known before the examples are read; empty where they are not."""
        return self._reader.ids or ()

    @property
    def positions(self) -> int | None:
        """How many rows `between` may be asked for; None: the data set is read from its beginning alone."""
        return None if self._reader.between(0, 0) is None else self._reader.count

    @property
    def ray_data(self) -> OfRay | None:
        """The Ray data set that the examples are from; None: they are from something else."""
        return self._reader if isinstance(self._reader, OfRay) else None

    def between(self, start: int, stop: int) -> Source:
        """The examples in these rows, alone, where there are `positions`."""
        reader = self._reader.between(start, stop)
        return self if reader is None else self.like(reader)

    def like(self, reader: Reader) -> Source:
        """Other examples of this data set: the same ones of them are chosen, and all are of one size."""
        source = Source(reader)
        source._chosen, source._alike = self._chosen, self._alike
        return source

    def described(self) -> dict[str, Any]:
        """What tells this data set from another one before it is read, JSON-ready."""
        return self._reader.described()

    def choose(self, limit: int) -> None:
        """Look at so many examples alone: pictures by a hash of their path, others by their key.

        So the same ones are chosen in whatever order they come. Keys cost a pass over all examples.
        """
        limited = self._reader.limited(limit)
        if limited is not None:
            self._reader = limited
            return
        keys = (
            (key, one)
            for chunk in self.chunks(_BLOCK)
            for key, one in zip(chunk.keys, chunk.ids, strict=True)
        )
        self._chosen = frozenset(one for _, one in heapq.nsmallest(limit, keys))

    def chunks(
        self,
        size: int,
        known: Mapping[str, str] = MappingProxyType({}),
        passed_over: Callable[[int], None] = lambda count: None,
    ) -> Iterator[Chunk]:
        """All examples, `size` at a time, the last chunk smaller.

        Args:
            size: examples in a chunk.
            known: ids and keys of examples that are wanted no more.
            passed_over: is told how many of them were met.

        Raises:
            ValueError: examples of several sizes, or some with labels; or one that is known is another one now.
        """
        self.unreadable, self.unreadable_count = [], 0
        waiting: list[Chunk] = []
        held, met = 0, 0
        for chunk, wanted, of_known in self._filtered(size, known):
            met += of_known
            passed_over(of_known)
            if not wanted:
                continue
            waiting.append(chunk if len(wanted) == len(chunk) else chunk.take(wanted))
            held += len(wanted)
            if held >= size:
                together = joined(waiting)
                yield together if held == size else together.take(range(size))
                waiting = [together.take(range(size, held))] if held > size else []
                held -= size
        self.refuse_missing(len(known) - met)
        if waiting:
            yield joined(waiting)

    def refuse_missing(self, count: int) -> None:
        """Raise `ValueError` where examples that are known were not met."""
        if count > 0:
            raise _another_data_set(f"{count} examples of it are not in this one")

    def first(self, count: int) -> Chunk:
        """Some examples.

        Raises:
            ValueError: there are none that can be read.
        """
        with closing(self.chunks(count)) as chunks:  # type: ignore[type-var]
            for chunk in chunks:
                return chunk
        lost = (
            f": {self.unreadable_count} cannot be read, the first is {self.unreadable[0]}"
            if self.unreadable
            else ""
        )
        raise ValueError(
            f"Expected a data set with at least one example that can be read. Received: none{lost}"
        )

    def each_again(self, ids: Sequence[str]) -> Iterator[tuple[str, Example]]:
        """These examples, one by one, in any order; what is not found is left out. Costs a pass over a stream."""
        found = self._reader.again(ids)
        yield from self._among_all(set(ids)) if found is None else found

    def again(self, ids: Sequence[str]) -> ProbeSet:
        """These examples as a probe set, in this order, with their ids as names. All are held in memory.

        Raises:
            ValueError: one is not found: a data set that gives other images at every pass cannot be looked at again.
        """
        found = dict(self.each_again(ids))
        if missing := [one for one in ids if one not in found]:
            raise ValueError(
                f"Expected a data set that gives the same images at every pass, as experiments look at some of them "
                f"again. Received: one that lacks {missing[0]}; leave augmentation out."
            )
        images, labels, shown = zip(*(found[one] for one in ids), strict=True)
        return ProbeSet(
            stacked(images),
            None if labels[0] is None else np.array(labels),
            names=tuple(ids),
            class_names=self.class_names,
            display_images=None if shown[0] is None else np.stack(shown),
            channel_axis=self.channel_axis,
        )

    def _among_all(self, wanted: set[str]) -> Iterator[tuple[str, Example]]:
        rest = set(wanted)
        with closing(self.chunks(_BLOCK)) as chunks:  # type: ignore[type-var]
            for chunk in chunks:
                for row in [row for row, one in enumerate(chunk.ids) if one in rest]:
                    image = optree.tree_map(lambda leaf, row=row: np.array(leaf[row]), chunk.images)
                    yield (
                        chunk.ids[row],
                        (image, None if chunk.labels is None else int(chunk.labels[row]), None),
                    )
                rest.difference_update(chunk.ids)
                if not rest:
                    return

    def _filtered(self, size: int, known: Mapping[str, str]) -> Iterator[tuple[Chunk, list[int], int]]:
        """Each batch, the rows in it that are wanted, and how many others are known."""
        copies: Counter[str] = Counter()
        for batch in self._reader.batches(size, self._lose):
            chunk = self._chunk(batch, copies)
            finite, wanted, met = _finite(chunk.images), [], 0
            for row, (one, key) in enumerate(zip(chunk.ids, chunk.keys, strict=True)):
                if not finite[row]:
                    self._lose(one)
                elif one in known:
                    met += 1
                    if known[one] != key:
                        raise _another_data_set(f"{one} is another example in this one")
                elif self._chosen is None or one in self._chosen:
                    wanted.append(row)
            yield chunk, wanted, met

    def _chunk(self, batch: Batch, copies: Counter[str]) -> Chunk:
        ids, images, labels = batch
        alike = optree.tree_map(lambda leaf: leaf.shape[1:], images), labels is None
        if self._alike not in (None, alike):
            raise ValueError(
                "Expected examples of one size, all of them with labels or none. Received: "
                f"{_in_words(self._alike)}, then {_in_words(alike)}"
            )
        self._alike = alike
        keys = keys_of(images, labels)
        if ids is None:
            ids = []
            for key in keys:
                copies[key] += 1
                ids.append(key if copies[key] == 1 else f"{key}-{copies[key]}")
        return Chunk(ids, keys, images, labels)

    def _lose(self, one: str) -> None:
        self.unreadable_count += 1
        if len(self.unreadable) < NAMED:
            self.unreadable.append(one)


def keys_of(images: Any, labels: np.ndarray | None) -> list[str]:
    """For each example 16 hexadecimal digits of a SHA-256 of its image and its label."""
    paths, leaves, _ = optree.tree_flatten_with_path(images)
    inputs = []
    for path, leaf in sorted(zip(paths, leaves, strict=True), key=itemgetter(0)):
        rows = np.ascontiguousarray(leaf, leaf.dtype.newbyteorder("<"))
        inputs.append((f"{path!r} {rows.dtype.str} {rows.shape[1:]}\n".encode(), rows))
    keys = []
    for row in range(count_of(images)):
        digest = sha256()
        for head, rows in inputs:
            digest.update(head)
            digest.update(rows[row : row + 1].data)
        if labels is not None:
            digest.update(int(labels[row]).to_bytes(8, "little"))
        keys.append(digest.hexdigest()[:16])
    return keys


def _finite(images: Any) -> np.ndarray:
    """Which examples hold finite numbers alone."""
    leaves = optree.tree_leaves(images)
    finite = np.ones(len(leaves[0]), bool)
    for leaf in leaves:
        if leaf.dtype.kind == "f":
            finite &= np.isfinite(leaf).reshape(len(leaf), -1).all(1)
    return finite


def _in_words(alike: Any) -> str:
    shapes, unlabelled = alike
    return f"images of {shapes} with{'out' if unlabelled else ''} labels"


def _another_data_set(why: str) -> ValueError:
    return ValueError(
        f"This folder holds the survey of another data set, or this one has changed since: {why}. Choose another "
        "folder, or delete it."
    )
