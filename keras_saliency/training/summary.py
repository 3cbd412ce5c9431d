"""What a callback did, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from keras_saliency.terminal import visible


@dataclass(frozen=True)
class Summary:
    """What a callback did in its last `fit`, or in a training loop so far.

    Attributes:
        looks: how many looks were taken.
        written: bytes of the looks in `folder`.
        left_out: how many looks were not written, to keep within `max_disk`.
        lost: what failed and how often, by the name of the method or writer.
        seconds: spent in looks.
        percent: of the whole time of the training, looks included.
        folder: where it was written.
        failed: the checks that failed, or could not be made, after the training began: at how many looks, by name.
        due: how many looks there should have been.
        last_loss: what failed last, when and why; empty where nothing was lost.
    """

    looks: int
    written: int
    left_out: int
    lost: dict[str, int]
    seconds: float
    percent: float
    folder: Path
    failed: dict[str, int] = field(default_factory=dict)
    due: int = 0
    last_loss: str = ""

    def __str__(self) -> str:
        lost = ", ".join(f"{name} at {self._share_of_due(count)}" for name, count in self.lost.items())
        failed = ", ".join(f"{name} at {count} of {self.looks} looks" for name, count in self.failed.items())
        cost = f"{self.seconds:.1f} s ({self.percent:.1f} % of the training)"
        return (
            f"keras_saliency: {self.looks} looks in {cost}, {self.written / 1e6:.1f} MB in {self.folder}"
            + (
                f"; {self._share_of_due(self.left_out)} left out to keep within max_disk"
                if self.left_out
                else ""
            )
            + (f"; lost: {lost}; the last loss: {visible(self.last_loss)}" if lost else "")
            + (f"; checks that failed: {failed}" if failed else "")
        )

    def _share_of_due(self, count: int) -> str:
        """So many of the looks, in words. A writer that fails once more when it is closed loses no further look."""
        count = min(count, self.due)
        return f"{count} of {self.due} looks ({100 * count / max(self.due, 1):.0f} %)"
