"""What a notebook shows of a probe set, which has no model that tells its inputs apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_saliency.render import MOST_DISPLAYED, pictures

_SMALLEST = 8


def shown_images(
    images: Any, display_images: np.ndarray | None, channel_axis: int | None
) -> np.ndarray | None:
    """Pictures of the first 64 images, `(n, height, width, 3)` uint8; None where nothing says that they are images.

    An input is taken for images if `channel_axis` says so, or if it has 1, 3 or 4 channels on its last axis, or none
    and sides of at least 8.
    """
    if display_images is not None:
        return pictures(display_images[:MOST_DISPLAYED])
    if not isinstance(images, np.ndarray) or images.ndim not in (3, 4):
        return None
    if channel_axis is None and not (
        images.shape[-1] in (1, 3, 4) if images.ndim == 4 else min(images.shape[1:]) >= _SMALLEST
    ):
        return None
    return pictures(images[:MOST_DISPLAYED], channel_axis or -1)
