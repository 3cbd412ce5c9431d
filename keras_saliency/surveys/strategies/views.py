"""What examples of a class are compared by: where a map is hot, and what an image shows there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_saliency.surveys.strategy import Kind

FIELDS = 7
"""Maps are compared at so many fields a side, or at their own size where that is less."""
_QUANTILES = np.linspace(0, 1, 9)
VIEWS: Mapping[str, Kind] = {"place": "place", "picture": "content", "values": "content"}
"""The views, and what examples have in common that are alike in one."""


def views_of(block: Mapping[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    """The points `(n, d)` of these rows by view: `"place"`, and where there are patches `"picture"` and `"values"`."""
    found = {"place": places(block["map"][chosen])}
    if "patch" in block:
        patches = np.nan_to_num(block["patch"][chosen].astype("float64"))
        found |= {"picture": patches.reshape(len(patches), -1), "values": values(patches)}
    return found


def places(maps: np.ndarray) -> np.ndarray:
    """Where maps are hot, `(n, fields)`: the root of the share of each field, whatever the strength of the map.

    Args:
        maps: `(n, height, width)`, none below 0.
    """
    fields = maps.astype("float64")
    for axis in (1, 2):
        side = fields.shape[axis]
        count = min(FIELDS, side)
        fields = np.add.reduceat(fields, np.arange(count) * side // count, axis=axis)
    flat = fields.reshape(len(fields), -1)
    return np.asarray(np.sqrt(flat / np.maximum(flat.sum(1, keepdims=True), 1e-30)))


def values(patches: np.ndarray) -> np.ndarray:
    """Which values small pictures hold, wherever in them: nine quantiles of each channel, `(n, 9 × channels)`.

    Args:
        patches: `(n, height, width, channels)`.
    """
    flat = patches.reshape(len(patches), -1, patches.shape[-1])
    return np.asarray(np.moveaxis(np.quantile(flat, _QUANTILES, axis=1), 0, 1).reshape(len(patches), -1))
