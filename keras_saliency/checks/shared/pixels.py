"""The probes as one array of pixels that can be changed, and what the model makes of them then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.engine import Question


@dataclass(frozen=True, eq=False)
class Pixels:
    """The explained tensor that is an image; the others, if there are any, stay as they are.

    The target keeps to the classes that it has on the unchanged probes.

    Attributes:
        subject: what is examined.
        images: `(n, height, width)` or with channels, float32; for integer inputs the tensor behind them.
        size: height and width.
    """

    subject: Subject
    images: np.ndarray
    size: tuple[int, int]
    _position: int

    @classmethod
    def of(cls, subject: Subject) -> Pixels | None:
        """The pixels of a subject's probes; None where no explained tensor is an image."""
        image = subject.question.anatomy.image
        if image is None:
            return None
        images = subject.question.values[image.position].astype("float32")
        return cls(subject, images, (image.height, image.width), image.position)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, −1 or 1, where there are any."""
        return self.subject.question.anatomy.channel_axis

    def scores(self, images: np.ndarray) -> np.ndarray:
        """The scores with other pixels, `(n,)`. One forward pass each."""
        return self._with(images).scores.values

    def maps(self, images: np.ndarray) -> np.ndarray:
        """The maps of other pixels, `(n, values)`, by the same method with the same random numbers."""
        return self.subject.rows(self._with(images))

    def _with(self, images: np.ndarray) -> Question:
        question = self.subject.question.settled
        values = list(question.values)
        values[self._position] = images
        return question.at(np.arange(len(images)), values)
