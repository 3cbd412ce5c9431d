"""How much of a map lies inside a region: one number per map."""

from __future__ import annotations

import numpy as np

from keras_saliency.metrics.rows import quotient, spatial_shares


def mass_share(magnitude: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The share of each magnitude that lies inside the region, `(n,)` in 0 … 1.

    Known as relevance mass accuracy (Arras et al. 2022, arXiv:2003.07258) and energy-based pointing game
    (Wang et al. 2020, arXiv:1910.01279). A large region gets a large share from any map: compare regions of
    different area by `enrichment`.

    Args:
        magnitude: `(n, height, width)`, not negative.
        region: booleans, `(height, width)` for all maps or `(n, height, width)`, where a map may have none.

    Returns:
        0 for nothing inside, 1 for everything. NaN for an all-zero map, for one with a value that is not
        finite, and where the region has no pixel in this map. Whether more is better depends on the region.

    Raises:
        ValueError: for shapes that do not match, a negative value, and a region that is not boolean, or has
            no pixel and is for all maps.

    Example:
        >>> magnitude = np.array([[[1.0, 0.0], [0.0, 3.0]]])
        >>> metrics.mass_share(magnitude, np.array([[False, False], [False, True]])).tolist()
        [0.75]
    """
    shares = spatial_shares(magnitude)
    check_region(region, shares.shape)
    inside = np.minimum(shares.sum(axis=(1, 2), where=region), 1.0)
    return np.where(np.any(region, axis=(-2, -1)), inside, np.nan)


def enrichment(magnitude: np.ndarray, region: np.ndarray) -> np.ndarray:
    """`mass_share` ÷ the region's share of the area, `(n,)` in 0 … 1 / that share; 1 is chance.

    A constant map has 1 in every region, and so has every map in a region that covers the whole image.

    Args:
        magnitude: `(n, height, width)`, not negative.
        region: booleans, `(height, width)` for all maps or `(n, height, width)`.

    Returns:
        NaN for an all-zero map, for one with a value that is not finite, and where the region has no pixel
        in this map. Whether more is better depends on the region.

    Raises:
        ValueError: as `mass_share`.

    Example:
        >>> magnitude = np.array([[[1.0, 0.0], [0.0, 3.0]]])
        >>> metrics.enrichment(magnitude, np.array([[False, False], [False, True]])).tolist()  # 0.75 ÷ a quarter
        [3.0]
    """
    share = mass_share(magnitude, region)
    return quotient(share, np.mean(region, axis=(-2, -1)))


def check_region(region: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raises ValueError unless these are booleans of that shape, or of one map of it and with a pixel."""
    array = np.asarray(region)
    if array.dtype != np.bool_:
        raise ValueError(f"Expected a region of booleans, such as `mask > 0`. Received: dtype={array.dtype}")
    if array.shape not in (shape[1:], shape):
        raise ValueError(
            f"Expected a region of shape {shape[1:]} or {shape}, as the magnitude. "
            f"Received: shape={array.shape}"
        )
    if array.ndim == 2 and array.size and not array.any():
        raise ValueError(f"Expected a region with at least one pixel. Received: {array.shape}, all False")
