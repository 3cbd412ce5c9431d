"""Whether the strongest pixels of a map lie in a region: one number per map."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from keras_saliency.metrics.regions import check_region
from keras_saliency.metrics.rows import as_magnitude_rows, spatial_shares, varies


def pointing_game(magnitude: np.ndarray, region: np.ndarray, tolerance: float = 0.0) -> np.ndarray:
    """Whether each map's strongest pixel lies in the region, `(n,)`: 1 is a hit, 0 a miss.

    Zhang et al. 2016 (arXiv:1608.00507), who allow for 15 pixels on photographs. Their mean over images is
    the accuracy of the pointing. Where several pixels tie for the strongest, the number is the share of them
    that hits: the expected hit of one drawn among them.

    Args:
        magnitude: `(n, height, width)`, not negative.
        region: booleans, `(height, width)` for all maps or `(n, height, width)`.
        tolerance: a pixel at most so many pixels away from the region (Euclidean distance) is a hit too.

    Returns:
        NaN for a constant map (so also an all-zero one), which points nowhere and must not count as a hit,
        for one with a value that is not finite, and where the region has no pixel in this map. Whether more
        is better depends on the region.

    Raises:
        ValueError: as `mass_share`, and for a negative tolerance.

    Example:
        >>> magnitude = np.array([[[1.0, 0.0], [0.0, 3.0]]])
        >>> metrics.pointing_game(magnitude, np.array([[True, False], [False, False]])).tolist()
        [0.0]
        >>> metrics.pointing_game(magnitude, np.array([[True, False], [False, False]]), tolerance=1.5).tolist()
        [1.0]
    """
    if not tolerance >= 0:
        raise ValueError(f"Expected a tolerance of at least 0 pixels. Received: tolerance={tolerance!r}")
    rows, inside = _rows_and_region(magnitude, region, tolerance)
    strongest = rows == rows.max(axis=1, keepdims=True)
    hits = (strongest & inside).sum(axis=1) / np.maximum(strongest.sum(axis=1), 1)
    return np.where(varies(rows) & inside.any(axis=1), hits, np.nan)


def relevance_rank_accuracy(magnitude: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The share of the k strongest pixels that lie in the region of k pixels, `(n,)` in 0 … 1.

    Arras et al. 2022 (arXiv:2003.07258). Where pixels tie for the last of the k places, each of them counts
    by its chance of a place, so that the order of the pixels never matters. Chance is the region's share of the
    area. Costs a sort per map.

    Args:
        magnitude: `(n, height, width)`, not negative.
        region: booleans, `(height, width)` for all maps or `(n, height, width)`.

    Returns:
        NaN for a constant map (so also an all-zero one), which has no order, for one with a value that is not
        finite, and where the region has no pixel in this map. Whether more is better depends on the region.

    Raises:
        ValueError: as `mass_share`.

    Example:
        >>> magnitude = np.array([[[1.0, 0.0], [0.0, 3.0]]])
        >>> metrics.relevance_rank_accuracy(magnitude, np.array([[False, True], [False, True]])).tolist()
        [0.5]
    """
    rows, inside = _rows_and_region(magnitude, region)
    places = inside.sum(axis=1)
    descending = -np.sort(-rows, axis=1)
    last = descending[np.arange(len(rows)), np.maximum(places - 1, 0), None]
    stronger, tied = rows > last, rows == last
    open_places = places - stronger.sum(axis=1)
    chance = open_places / np.maximum(tied.sum(axis=1), 1)
    found = (stronger & inside).sum(axis=1) + chance * (tied & inside).sum(axis=1)
    return np.where(varies(rows) & (places > 0), found / np.maximum(places, 1), np.nan)


def _rows_and_region(
    magnitude: np.ndarray, region: np.ndarray, tolerance: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """`(n, pixels)` values, and booleans of the same shape."""
    shape = spatial_shares(magnitude).shape
    check_region(region, shape)
    inside = np.broadcast_to(region, shape)
    if tolerance:
        inside = np.array([_grown(mask, tolerance) for mask in inside]).reshape(shape)
    rows = as_magnitude_rows(magnitude)
    return rows, inside.reshape(rows.shape)


def _grown(mask: np.ndarray, tolerance: float) -> np.ndarray:
    return np.asarray(distance_transform_edt(~mask) <= tolerance) if mask.any() else mask
