"""The probes as one array of pixels that can be changed, and what the model makes of them then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import optree

from keras_saliency.render.heatmaps import is_image

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject


@dataclass(frozen=True, eq=False)
class Pixels:
    """The first explained tensor that is an image; the others, if there are any, stay as they are.

    The target keeps to the classes that it has on the unchanged probes.

    Attributes:
        subject: what is examined.
        images: `(n, height, width)` or with channels, float32; for integer inputs the tensor behind them.
    """

    subject: Subject
    images: np.ndarray
    _all: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, subject: Subject) -> Pixels | None:
        """The pixels of a subject's probes; None where no explained tensor is an image."""
        values = subject.model.explained(subject.probes.images, subject.target)
        image = next((value for value in values if is_image(value)), None)
        return None if image is None else cls(subject, image.astype("float32"), tuple(values))

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, −1 or 1, where there are any."""
        return self.subject.anatomy.channel_axis

    @property
    def size(self) -> tuple[int, ...]:
        """Height and width."""
        shape = self.images.shape[1:]
        return shape[1:] if self.images.ndim == 4 and self.channel_axis == 1 else shape[:2]

    def scores(self, images: np.ndarray) -> np.ndarray:
        """The scores with other pixels, `(n,)`. One forward pass each."""
        return self.subject.scores(self._moved(images), self.subject.fixed_target).scores

    def maps(self, images: np.ndarray) -> np.ndarray:
        """The maps of other pixels, `(n, values)`, by the same method with the same random numbers."""
        subject = self.subject
        rng = np.random.default_rng([subject.seed, crc32(subject.method.name.encode())])
        result = subject.method.explain(subject.model, self._moved(images), subject.fixed_target, rng)
        maps = optree.tree_leaves(result.maps)
        return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in maps], axis=1)

    def _moved(self, images: np.ndarray) -> object:
        first = next(position for position, value in enumerate(self._all) if is_image(value))
        values = [images if position == first else value for position, value in enumerate(self._all)]
        rows = np.arange(len(images))
        return self.subject.model.moved(self.subject.probes.images, self.subject.target, rows, values)
