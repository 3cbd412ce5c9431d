"""What examples of a class are compared by: where a map is hot, and what an image shows there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_saliency.render.resize import resample
from keras_saliency.surveys.strategy import Kind

FIELDS = 7
"""Maps are compared at so many fields a side, or at their own size where that is less."""
_QUANTILES = np.linspace(0, 1, 9)
VIEWS: Mapping[str, Kind] = {"seen": "place", "place": "place", "values": "content"}
"""The views, and what examples have in common that are alike in one."""


def views_of(block: Mapping[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    """The points `(n, d)` of these rows by view: `"place"`, and where there are pictures all of them."""
    found = {"place": places(block["map"][chosen])}
    if "thumbnail" in block:
        found["seen"] = seen(block["map"][chosen], np.nan_to_num(block["thumbnail"][chosen]))
    if "patch" in block:
        found["values"] = values(np.nan_to_num(block["patch"][chosen].astype("float64")))
    return found


def places(maps: np.ndarray) -> np.ndarray:
    """Where maps are hot, `(n, fields)`: the root of the share of each field, whatever the strength of the map.

    Args:
        maps: `(n, height, width)`, none below 0.
    """
    fields = _fields(maps, (FIELDS, FIELDS))
    flat = fields.reshape(len(fields), -1)
    return np.asarray(np.sqrt(flat / np.maximum(flat.sum(1, keepdims=True), 1e-30)))


def seen(maps: np.ndarray, thumbnails: np.ndarray) -> np.ndarray:
    """What small pictures of whole images show, each field by the root of its heat, `(n, values)`.

    Args:
        maps: `(n, height, width)`, none below 0.
        thumbnails: `(n, h, w, channels)`.
    """
    fields = _fields(maps, thumbnails.shape[1:3])
    heat = np.sqrt(fields / np.maximum(fields.mean((1, 2), keepdims=True), 1e-30))
    heat = resample(heat[..., None], *thumbnails.shape[1:3])
    return np.asarray(thumbnails * heat, "float64").reshape(len(maps), -1)


def values(patches: np.ndarray) -> np.ndarray:
    """Which values small pictures hold, wherever in them: nine quantiles of each channel, `(n, 9 × channels)`.

    Args:
        patches: `(n, height, width, channels)`.
    """
    flat = patches.reshape(len(patches), -1, patches.shape[-1])
    return np.asarray(np.moveaxis(np.quantile(flat, _QUANTILES, axis=1), 0, 1).reshape(len(patches), -1))


def _fields(maps: np.ndarray, most: tuple[int, int]) -> np.ndarray:
    """The sums of fields that are equal to a pixel, at most so many along each side."""
    fields = maps.astype("float64")
    for axis, limit in zip((1, 2), most, strict=True):
        side = fields.shape[axis]
        count = min(limit, side)
        fields = np.add.reduceat(fields, np.arange(count) * side // count, axis=axis)
    return fields
