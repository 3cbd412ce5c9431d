"""What a callback did, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Summary:
    """What a callback did in its last `fit`, or in a training loop so far.

    Attributes:
        looks: how many looks were taken.
        written: bytes of the looks in `folder`.
        left_out: how many looks were not written, to keep within `max_disk`.
        lost: what failed and how often, by the name of the method or writer.
        seconds: spent in looks.
        percent: of the time of the training alone.
        folder: where it was written.
        failed: the checks that failed, or could not be made, after the training began: at how many looks, by name.
    """

    looks: int
    written: int
    left_out: int
    lost: dict[str, int]
    seconds: float
    percent: float
    folder: Path
    failed: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lost = ", ".join(f"{count} of {name}" for name, count in self.lost.items())
        failed = ", ".join(f"{name} at {count} of {self.looks} looks" for name, count in self.failed.items())
        cost = f"{self.seconds:.1f} s ({self.percent:.1f} % of the training)"
        return (
            f"keras_saliency: {self.looks} looks in {cost}, {self.written / 1e6:.1f} MB in {self.folder}"
            + (f"; {self.left_out} left out to keep within max_disk" if self.left_out else "")
            + (f"; lost: {lost}" if lost else "")
            + (f"; checks that failed: {failed}" if failed else "")
        )
