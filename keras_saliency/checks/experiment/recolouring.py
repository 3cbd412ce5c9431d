"""The experiment on a cast: the images of a class in the colours of others, and others in its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from keras_saliency.checks.experiment.experiment import Experiment
from keras_saliency.checks.shared.statistics import Proportion

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

_LEVELS = (1, 2)


class Recolouring(Experiment):
    """Interventions on what an image has as a whole: the mean and the deviation of each channel.

    Taken out: the images of the class get the usual ones, the medians over images of other classes. Put in: other
    images get those of an image of the class. There is no other place that could be compared.

    Args:
        subject: whose model is asked.
        class_index: the class whose cast it is.
    """

    def __init__(self, subject: Subject, class_index: int) -> None:
        images = subject.image
        own = subject.classes == class_index
        usual = [np.median(values[~own], axis=0, keepdims=True) for values in moments(images)]
        masks = np.broadcast_to(True, images.shape[:3])
        super().__init__(subject, masks, fill=recoloured(images, usual[0], usual[1]))

    @override
    def put(self, class_index: int, rows: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        means, deviations = moments(self._images)
        chosen = self._rng.choice(self.donors(class_index), len(rows))
        return recoloured(self._images[rows], means[chosen], deviations[chosen])

    @override
    def put_elsewhere(self, class_index: int, places: int = 0, *, whole_way: bool = False) -> Proportion:
        return Proportion(0, 0)


def recoloured(images: np.ndarray, means: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """The images with other means and deviations of their channels, within the range of all values.

    Args:
        images: `(n, height, width, channels)`.
        means: `(n or 1, channels)`.
        deviations: the same.
    """
    own, spread = moments(images)
    numbers = (own, deviations / np.maximum(spread, 1e-12), means)
    own, scale, means = (values[:, None, None].astype(images.dtype) for values in numbers)
    changed = images - own  # first, so that what is constant stays so
    changed *= scale
    changed += means
    return np.asarray(np.clip(changed, images.min(), images.max(), out=changed))


def moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each channel of each image, both `(n, channels)`."""
    return images.mean(_LEVELS, dtype="float64"), images.std(_LEVELS, dtype="float64")
