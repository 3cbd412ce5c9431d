"""What people see of the inputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pictures(images: NDArray[Any], channel_axis: int = -1) -> NDArray[np.uint8]:
    """RGB pictures of the images, `(n, height, width, 3)` uint8.

    `images` is `(n, height, width)`, or has channels at `channel_axis` (the last axis, or 1).

    - Values: uint8 is taken as it is. Anything else within [0, 1] is multiplied by 255, within [0, 255] only
      rounded, and otherwise stretched from the minimum to the maximum of the whole set, so that the images
      stay comparable (a constant set is mid-grey).
    - Channels: one is grey, three are RGB, of four the first three are RGB (the fourth is taken for alpha and
      dropped), any other number is shown as the grey mean over the channels.

    Raises:
        ValueError: The images have another shape, or values that are not finite.
    """
    channels_last = _channels_last(np.asarray(images), channel_axis)
    if not np.isfinite(channels_last).all():
        raise ValueError("Expected images with finite values to draw. Received: images with NaN or infinity.")
    if channels_last.shape[-1] == 4:
        channels_last = channels_last[..., :3]
    values = _to_255(channels_last)
    if values.shape[-1] != 3:
        values = np.repeat(values.mean(axis=-1, keepdims=True), 3, axis=-1)
    return np.ascontiguousarray(np.rint(values).astype(np.uint8))


def _channels_last(images: NDArray[Any], channel_axis: int) -> NDArray[Any]:
    if images.ndim == 3:
        return images[..., np.newaxis]
    if images.ndim != 4 or channel_axis not in (-1, 3, 1, -3) or 0 in images.shape[1:]:
        raise ValueError(
            "Expected images (n, height, width), or (n, height, width, channels) with channel_axis=-1, "
            f"or (n, channels, height, width) with channel_axis=1. "
            f"Received: images.shape={images.shape}, channel_axis={channel_axis}"
        )
    return np.moveaxis(images, channel_axis, -1)


def _to_255(images: NDArray[Any]) -> NDArray[Any]:
    """Values between 0 and 255: uint8 untouched, everything else float64."""
    if images.dtype == np.uint8 or images.size == 0:
        return images
    values = images.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        return values * 255
    if low >= 0 and high <= 255:
        return values
    if low == high:
        return np.full_like(values, 128)
    # Halved first: the range of float64 extremes would overflow.
    return (values / 2 - low / 2) / (high / 2 - low / 2) * 255
