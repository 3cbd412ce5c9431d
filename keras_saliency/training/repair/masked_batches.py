"""Batches of arrays that `fit` reads, in which some images are masked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import optree
from typing_extensions import override

from keras_saliency.probes.arrays import as_array, gathered
from keras_saliency.probes.streams import is_stream
from keras_saliency.training.repair.exchange import emptied
from keras_saliency.training.repair.salient_masks import SalientMasks


@dataclass(frozen=True)
class Epoch:
    """What is read in one epoch.

    Attributes:
        order: `(n,)` the rows of the examples, as they are read.
        drawn: `(n,)` which of them are masked.
        masks: of all examples; None: no image is masked.
        position: which of the inputs is the image.
        channel_axis: of a batch of that input, −1 or 1.
    """

    order: np.ndarray
    drawn: np.ndarray
    masks: SalientMasks | None
    position: int
    channel_axis: int

    def masked(self, images: Any, rows: np.ndarray) -> Any:
        """The images of these rows, some with what their mask marks filled as the experiment fills it."""
        if self.masks is None or not (hit := np.flatnonzero(self.drawn[rows] & self.masks.known[rows])).size:
            return images
        leaves, structure = optree.tree_flatten(images)
        image = leaves[self.position]
        last = image[..., None] if image.ndim == 3 else np.moveaxis(image, self.channel_axis, -1)
        last[hit] = emptied(last[hit], self.masks.of(rows[hit]))  # a view of a copy
        return optree.tree_unflatten(structure, leaves)


class MaskedBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """The examples in batches. Outside of a `fit` they come in their order and as they are.

    Args:
        images: what the model takes, a tree of arrays.
        labels: what it is trained to say of them, or None.
        weights: of the examples, or None.
        batch_size: examples in a batch; the last one may have fewer.
        shuffle: whether every epoch has an order of its own.

    Attributes:
        epoch: which one is read; None outside of a `fit` with the callback that made this.
        is_testing: whether a `fit` with that callback evaluates.
        was_read: whether the `fit` reads this in the epoch.

    Raises:
        ValueError, TypeError: these are no arrays, or not as many examples in each.
    """

    def __init__(self, images: Any, labels: Any, weights: Any, batch_size: int, *, shuffle: bool) -> None:
        super().__init__()
        if is_stream(images):
            raise TypeError(
                "Expected arrays, whose examples are numbered; a numpy.memmap holds what is too much for the memory. "
                f"Received: a {type(images).__name__}, which does not say which example is which"
            )
        self.images = optree.tree_map(as_array, gathered(images))
        self.labels, self._weights = optree.tree_map(np.asarray, (labels, weights))
        self.count = _count((self.images, self.labels, self._weights))
        self._batch_size, self.is_shuffled = batch_size, shuffle
        self.epoch: Epoch | None = None
        self.is_testing = self.was_read = False
        self._is_announced = self._has_ended = self._is_evaluated = False

    def __len__(self) -> int:
        """How many batches there are."""
        return math.ceil(self.count / self._batch_size)

    @override
    def __getitem__(self, index: int) -> tuple[Any, ...]:
        start = index * self._batch_size
        if not 0 <= start < self.count:
            raise IndexError(f"Expected a batch below {len(self)}. Received: {index}")
        epoch = None if self._is_evaluated else self.epoch
        rows = np.arange(start, min(start + self._batch_size, self.count))
        rows = rows if epoch is None else epoch.order[rows]
        images, *beside = (
            optree.tree_map(lambda array: _as_keras(array[rows]), given)
            for given in (self.images, self.labels, self._weights)
        )
        images = images if epoch is None else epoch.masked(images, rows)
        images = tuple(images) if isinstance(images, list) else images  # a list is an array to tf.data
        return images, *beside[: 2 if beside[1] is not None else 1 if beside[0] is not None else 0]

    def begin(self, epoch: Epoch) -> None:
        """An epoch of a `fit` with the callback begins."""
        self.epoch = epoch
        self.was_read, self._is_announced = False, True

    def end(self) -> None:
        """That `fit` is over, or another one begins."""
        self.epoch = None
        self.is_testing = self._is_announced = self._has_ended = False

    @override
    def on_epoch_begin(self) -> None:
        """Refuse to be read in another `fit`. Before the first epoch Keras may read some, and says that this ended."""
        has_ended, self._has_ended = self._has_ended, False
        if self.is_testing:
            self._is_evaluated = True
        elif self._is_announced:
            self.was_read, self._is_announced = True, False
        elif has_ended:
            raise ValueError(
                "Expected batches to be read by a fit with the MaskSalient that made them last: model.fit(batches, "
                "callbacks=[masks]). To evaluate or predict, give the arrays themselves."
            )

    @override
    def on_epoch_end(self) -> None:
        """Keras has read what it wants of an epoch."""
        self._has_ended, self._is_evaluated = True, False


def _as_keras(array: np.ndarray) -> np.ndarray:
    """Floats as Keras has them, which it makes of arrays, but not of batches."""
    return array.astype(keras.config.floatx(), copy=False) if array.dtype.kind == "f" else array


def _count(arrays: Any) -> int:
    """How many examples there are, the same number in each array."""
    lengths = {len(leaf) if leaf.ndim else 0 for leaf in optree.tree_leaves(arrays)}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(
            f"Expected as many images as labels and weights, and at least one. Received: {sorted(lengths)} examples"
        )
    return int(lengths.pop())
