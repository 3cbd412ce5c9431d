"""Where a `fit` is, and whether it is time to look."""

from __future__ import annotations

from keras_saliency.training.schedule import Batches


class Position:
    """The place of a `fit`, in epochs or in batches, as its schedule counts.

    Attributes:
        now: the epoch that ended last, or the batches seen.
    """

    def __init__(self, every: int | Batches) -> None:
        self.now = 0
        self._every = every
        self._looked_at = self._batches_before = 0

    @property
    def epoch(self) -> int | None:
        """The epoch that ended last; None where batches are counted."""
        return None if isinstance(self._every, Batches) else self.now

    @property
    def is_unseen(self) -> bool:
        """Whether the training went on since the last look."""
        return self.now > self._looked_at

    def start(self, epoch: int) -> None:
        """Stand before the first update, at the beginning of this epoch."""
        self.now = 0 if isinstance(self._every, Batches) else epoch - 1

    def begin_epoch(self) -> None:
        """Keras counts the batches of each epoch from zero."""
        self._batches_before = self.now

    def end_batch(self, batch: int) -> bool:
        """Go to the end of a batch; whether to look. Several may have gone by (`steps_per_execution`)."""
        self.now = self._batches_before + batch + 1
        return isinstance(self._every, Batches) and self.now - self._looked_at >= self._every.count

    def end_epoch(self, epoch: int, *, is_last: bool) -> bool:
        """Go to the end of an epoch; whether to look."""
        if isinstance(self._every, Batches):
            return False
        self.now = epoch
        return is_last or (epoch + 1) % self._every == 0

    def looked(self) -> None:
        """A look is taken here."""
        self._looked_at = self.now
