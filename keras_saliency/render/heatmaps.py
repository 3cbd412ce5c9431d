"""From a map with channels to one value per pixel, in four views."""

from __future__ import annotations

from functools import reduce

import numpy as np

VIEWS = ("magnitude", "positive", "negative", "signed")


def heatmap(maps: np.ndarray, view: str, channel_axis: int) -> np.ndarray:
    """One view of maps `(n, height, width)` or with channels: `(n, height, width)` float32.

    `"magnitude"` is the largest absolute value over the channels (Simonyan et al. 2013, arXiv:1312.6034, §3.1),
    `"positive"` and `"negative"` the largest of max(±map, 0), `"signed"` the sum over the channels.

    Raises:
        ValueError: an unknown view, or maps of inputs that are not images.
    """
    if view not in VIEWS:
        raise ValueError(f"Expected view to be one of {', '.join(map(repr, VIEWS))}. Received: {view!r}")
    if np.ndim(maps) not in (3, 4):
        raise ValueError(
            "Heatmaps are for images: maps of shape (n, height, width) or with channels. "
            f"Received: shape={np.shape(maps)}"
        )
    if maps.ndim == 3:
        maps, channel_axis = maps[..., None], -1
    channels = np.moveaxis(maps, channel_axis, 0)  # NumPy reduces a short last axis 20 times slower
    if view == "signed":
        return np.asarray(reduce(np.add, channels), "float32")
    # Of the ends alone, which makes no second array of the size of the maps.
    most = reduce(np.maximum, channels) if view != "negative" else 0
    least = -reduce(np.minimum, channels) if view != "positive" else 0
    return np.asarray(np.abs(np.maximum(np.maximum(most, least), 0)), "float32")  # no zero is negative
