"""What examples of a class are compared by: where maps are hot, what images show there, what the last layer reads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_saliency.render.resize import resample

FIELDS = 7
"""Maps are compared at so many fields a side, or at their own size where that is less."""
COLUMNS = ("map", "features", "thumbnail")
"""The columns of parts that views are made of."""


def views_of(block: Mapping[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    """The points `(n, d)` of these rows by view: `"place"`; `"features"` and `"seen"` where their columns are."""
    found = {"place": places(block["map"][chosen])}
    if "features" in block:
        found["features"] = np.nan_to_num(block["features"][chosen].astype("float64"))
    if "thumbnail" in block:
        found["seen"] = seen(block["map"][chosen], np.nan_to_num(block["thumbnail"][chosen]))
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


def _fields(maps: np.ndarray, most: tuple[int, int]) -> np.ndarray:
    """The sums of fields that are equal to a pixel, at most so many along each side."""
    fields = maps.astype("float64")
    for axis, limit in zip((1, 2), most, strict=True):
        side = fields.shape[axis]
        count = min(limit, side)
        fields = np.add.reduceat(fields, np.arange(count) * side // count, axis=axis)
    return fields
