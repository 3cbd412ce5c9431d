"""Where the examples of a data set come from: arrays by slices, pictures file by file, data sets in their own order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import optree

from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError
from keras_saliency.explanation.reading import as_one_batch, folders_are_classes, how_to_read
from keras_saliency.probes import ProbeSet, streams, tf_data
from keras_saliency.probes.arrays import as_array, count_of, gathered, is_array
from keras_saliency.probes.files import STORED, load_images
from keras_saliency.probes.labels import class_indices
from keras_saliency.probes.pictures import as_taken, files_in, is_path, read_picture
from keras_saliency.probes.sampling import labels_of, stacked
from keras_saliency.surveys.ray_data import OfRay, is_ray_data

Batch = tuple[list[str] | None, Any, np.ndarray | None]
"""Ids (None: those are made of the content), images (a tree of arrays), labels (None: there are none)."""

Example = tuple[Any, int | None, np.ndarray | None]
"""An image, its label, and what people should see of it where that is something else."""

T = TypeVar("T")

Lose = Callable[[str], None]
"""Is told the id of an example that cannot be read."""


class Reader(Protocol):
    """A data set that can be read again and again."""

    @property
    def count(self) -> int | None:
        """How many examples it has; None: nobody knows before they are read."""

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """One for each class; None: they have none."""

    @property
    def channel_axis(self) -> int | None:
        """Where the images have their channels, where the data set says so."""

    @property
    def ids(self) -> Sequence[str] | None:
        """Those of the examples; None: they are made when the examples are read."""

    def between(self, start: int, stop: int) -> Reader | None:
        """Those in these rows, with ids; None: the data set is read from its beginning alone."""

    def batches(self, size: int, lose: Lose) -> Iterator[Batch]:
        """All examples, at most `size` at a time."""

    def again(self, ids: Sequence[str]) -> Iterator[tuple[str, Example]] | None:
        """These examples with their ids; None: they are found by reading all.

        Raises:
            KeyError, IndexError: an id is none of them.
            UnreadableFileError, OSError: it can no longer be read.
        """

    def limited(self, limit: int) -> Reader | None:
        """So many of its examples, chosen without reading them; None: they have to be read."""

    def described(self) -> dict[str, Any]:
        """What tells this data set from another one before it is read, JSON-ready."""


@dataclass(frozen=True, eq=False)
class OfArrays:
    """Arrays and what looks like them, such as memory maps: read by slices."""

    images: Any
    labels: np.ndarray | None
    ids: Sequence[str] | None = None
    class_names: tuple[str, ...] | None = None
    channel_axis: int | None = None
    shown: np.ndarray | None = None

    @property
    def count(self) -> int:
        """How many examples there are."""
        return count_of(self.images)

    def batches(self, size: int, lose: Lose) -> Iterator[Batch]:
        """See `Reader`."""
        for start in range(0, self.count, size):
            rows = slice(start, min(start + size, self.count))
            ids = self.ids[rows] if self.ids else map(str, range(start, rows.stop))
            yield (
                list(ids),
                optree.tree_map(lambda leaf, rows=rows: as_array(leaf[rows]), self.images),
                None if self.labels is None else self.labels[rows],
            )

    def between(self, start: int, stop: int) -> OfArrays:
        """See `Reader`."""
        rows = slice(start, min(stop, self.count))
        return replace(
            self,
            images=optree.tree_map(lambda leaf: as_array(leaf[rows]), self.images),
            labels=None if self.labels is None else self.labels[rows],
            ids=self.ids[rows] if self.ids else [*map(str, range(start, rows.stop))],
            shown=None,
        )

    def again(self, ids: Sequence[str]) -> Iterator[tuple[str, Example]]:
        """See `Reader`."""
        positions = {one: row for row, one in enumerate(self.ids)} if self.ids else None
        for one in ids:
            row = int(one) if positions is None else positions[one]
            image = optree.tree_map(lambda leaf, row=row: as_array(leaf[row]), self.images)
            label = None if self.labels is None else int(self.labels[row])
            yield one, (image, label, None if self.shown is None else self.shown[row])

    def limited(self, limit: int) -> None:
        """See `Reader`."""

    def described(self) -> dict[str, Any]:
        """See `Reader`."""
        shapes = [[*map(int, leaf.shape)] for leaf in optree.tree_leaves(self.images)]
        return {"kind": "arrays", "shapes": shapes, "labelled": self.labels is not None}


@dataclass(frozen=True, eq=False)
class OfPictures:
    """Files of pictures, each read when its turn comes."""

    files: Sequence[tuple[Path, int]]
    ids: Sequence[str]
    how: dict[str, Any]
    class_names: tuple[str, ...] | None
    channel_axis: int | None

    @property
    def count(self) -> int:
        """How many files there are."""
        return len(self.files)

    def batches(self, size: int, lose: Lose) -> Iterator[Batch]:
        """See `Reader`."""
        for pairs in _batched(zip(self.ids, self.files, strict=True), size):
            read: list[tuple[str, Any, int]] = []
            for one, (path, label) in pairs:
                try:
                    read.append((one, self._taken(self._shown(path)), label))
                except (UnreadableFileError, OSError):
                    lose(one)
            if read:
                ids, images, labels = zip(*read, strict=True)
                yield list(ids), stacked(images), np.array(labels) if self.class_names else None

    def between(self, start: int, stop: int) -> OfPictures:
        """See `Reader`."""
        return replace(self, files=self.files[start:stop], ids=self.ids[start:stop])

    def again(self, ids: Sequence[str]) -> Iterator[tuple[str, Example]]:
        """See `Reader`."""
        files = dict(zip(self.ids, self.files, strict=True))
        for one in ids:
            path, label = files[one]
            shown = self._shown(path)
            yield one, (self._taken(shown), label if self.class_names else None, shown)

    def limited(self, limit: int) -> OfPictures:
        """See `Reader`: those whose paths have the lowest hashes."""
        luck = [sha256(one.encode("utf-8", "surrogatepass")).digest() for one in self.ids]
        rows = sorted(sorted(range(self.count), key=luck.__getitem__)[:limit])
        return replace(self, files=[self.files[row] for row in rows], ids=[self.ids[row] for row in rows])

    def described(self) -> dict[str, Any]:
        """See `Reader`."""
        names = sha256("\n".join(self.ids).encode("utf-8", "surrogatepass")).hexdigest()
        return {"kind": "pictures", "count": self.count, "names": names, "read": {**self.how}}

    def _shown(self, path: Path) -> np.ndarray:
        return read_picture(path, self.how["size"], self.how["channels"])

    def _taken(self, shown: np.ndarray) -> np.ndarray:
        return as_taken(shown, self.how["scale"], channels_first=self.how["channels_first"])


@dataclass(frozen=True, eq=False)
class OfStream:
    """A `tf.data.Dataset`, a `PyDataset` or a `DataLoader`, read from a copy or by index."""

    source: Any
    class_names: tuple[str, ...] | None = None
    files: Sequence[str] | None = None
    count: int | None = None
    channel_axis: int | None = None
    ids: None = None

    def between(self, start: int, stop: int) -> None:
        """See `Reader`."""

    def batches(self, size: int, lose: Lose) -> Iterator[Batch]:
        """See `Reader`."""
        with streams.examples(self.source, None, 0) as examples:
            for group in _batched(examples, size):
                positions, images, labels = zip(*group, strict=True)
                ids = [self.files[position] for position in positions] if self.files else None
                yield ids, stacked(images), labels_of(labels)

    def again(self, ids: Sequence[str]) -> None:
        """See `Reader`."""

    def limited(self, limit: int) -> None:
        """See `Reader`."""

    def described(self) -> dict[str, Any]:
        """See `Reader`."""
        return {"kind": "data set"}


def reader_of(model: Any, dataset: Any, target: Any) -> Reader:
    """What reads a data set, see `ks.survey`.

    Raises:
        ValueError, TypeError: it cannot be read, or not twice.
        FileNotFoundError, UnreadableFileError: there are no such files, or no pictures.
    """
    if isinstance(dataset, OfPictures):
        return dataset
    if is_path(dataset):
        given = [
            local_path("dataset", path)
            for path in (dataset if isinstance(dataset, (list, tuple)) else [dataset])
        ]
        if len(given) != 1 or given[0].suffix not in STORED:
            return of_pictures(model, given, target)
        dataset = load_images(given, size=None, scale=1.0, channels=3)
    if isinstance(dataset, ProbeSet):
        return _of_probes(dataset)
    if is_ray_data(dataset):
        return OfRay.of(dataset)
    images, labels = dataset if isinstance(dataset, tuple) and len(dataset) == 2 else (dataset, None)
    if streams.is_stream(images):
        return _of_stream(images, labels)
    images = gathered(as_one_batch(model, images))
    leaves = optree.tree_leaves(images)
    if not leaves or not all(map(is_array, leaves)):
        raise TypeError(
            f"Expected a data set: (x, y), x, a ProbeSet, a folder of pictures, {streams.KINDS}. "
            f"Received: {type(dataset).__name__}"
        )
    counts = {len(leaf) if leaf.shape else 0 for leaf in leaves}
    if len(counts) != 1 or counts == {0}:
        raise ValueError(
            f"Expected at least one example, and as many in every input. Received: {sorted(counts)} examples"
        )
    labels = as_array(labels) if is_array(labels) else labels
    return OfArrays(images, None if labels is None else class_indices(labels, *counts))


def _of_probes(probes: ProbeSet) -> OfArrays:
    """The probes; their names are ids where each is another one."""
    names = probes.names if probes.names and len(set(probes.names)) == len(probes) else None
    return OfArrays(
        probes.images, probes.labels, names, probes.class_names, probes.channel_axis, probes.display_images
    )


def of_pictures(
    model: Any,
    given: list[Path],
    target: Any,
    size: tuple[int, int] | None = None,
    scale: float | None = None,
) -> OfPictures:
    """Pictures, and folders of them, read as the model takes them, or with a size and a scale that are given."""
    how = how_to_read(model, given[0] if len(given) == 1 else given, size, scale)
    files, folders = files_in(given)
    classes = tuple(folder.name for folder in folders)
    root = given[0] if folders else Path(os.path.commonpath([path.absolute().parent for path, _ in files]))
    ids = [path.relative_to(root) if folders else path.absolute().relative_to(root) for path, _ in files]
    axis = 1 if how["channels_first"] else -1
    named = classes if classes and folders_are_classes(model, classes, target) else None
    once = dict(zip((one.as_posix() for one in ids), files, strict=True))  # a file may be given twice
    return OfPictures(list(once.values()), list(once), how, named, axis)


def _of_stream(source: Any, labels: Any) -> OfStream:
    if labels is not None:
        raise ValueError(
            f"A {type(source).__name__} brings its own labels. Received: y={type(labels).__name__}"
        )
    if streams.is_generator(source):
        raise ValueError(
            f"A {type(source).__name__} gives each example once, and experiments look at some of them again. Give "
            f"(x, y), a folder of pictures, {streams.KINDS}."
        )
    streams.refuse_endless(source)
    if not tf_data.is_tf_data(source):
        return OfStream(source)
    names = tf_data.file_names(source)
    return OfStream(source, tf_data.class_names(source), names, len(names) if names else None)


def _batched(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """So many at a time; Python 3.12 has this."""
    rest = iter(things)
    while group := list(islice(rest, size)):
        yield group
