"""How much of a map lies at the margins of the image, where backgrounds, marks and padding are."""

from __future__ import annotations

import numpy as np

from keras_saliency.metrics.regions import enrichment
from keras_saliency.metrics.rows import image_size

WIDTH = 0.15


def border_enrichment(magnitude: np.ndarray, width: float = WIDTH) -> np.ndarray:
    """`enrichment` in the border: its share of the magnitude ÷ its share of the area, `(n,)`; 1 is chance.

    Photographs have their object in the middle, and so do most maps: below 1 is usual.

    Args:
        magnitude: `(n, height, width)`, not negative.
        width: see `border_mask`.

    Returns:
        1 for a constant map; NaN for an all-zero map and for one with a value that is not finite. Neither
        direction is better: the border may be where the object is.

    Raises:
        ValueError: for a negative value, a shape that is not `(n, height, width)`, or a width out of range.

    Example:
        >>> frame = np.ones((1, 10, 10))
        >>> frame[:, 2:-2, 2:-2] = 0
        >>> metrics.border_enrichment(frame).tolist()  # all of it in 64 of 100 pixels
        [1.5625]
    """
    return enrichment(magnitude, border_mask(*image_size(magnitude), width))


def corner_enrichment(magnitude: np.ndarray, width: float = WIDTH) -> np.ndarray:
    """`enrichment` in the four corners together, where logos, dates and scanner marks stand.

    `enrichment(magnitude, mask)` with one of `corner_masks` tells which corner.

    Args:
        magnitude: `(n, height, width)`, not negative.
        width: see `border_mask`.

    Returns:
        1 for a constant map; NaN for an all-zero map and for one with a value that is not finite.

    Raises:
        ValueError: as `border_enrichment`.

    Example:
        >>> magnitude = np.zeros((1, 10, 10))
        >>> magnitude[0, 0, 9] = 1
        >>> metrics.corner_enrichment(magnitude).tolist()  # all of it in 4 × 4 of 100 pixels
        [6.25]
    """
    corners = corner_masks(*image_size(magnitude), width)
    return enrichment(magnitude, np.any(list(corners.values()), axis=0))


def border_mask(height: int, width: int, fraction: float = WIDTH) -> np.ndarray:
    """The pixels of the border, `(height, width)` booleans.

    The border is max(1, round(fraction × side)) pixels wide, top and bottom by the height, left and right by
    the width.

    Args:
        height: of the map, in pixels.
        width: of the map, in pixels.
        fraction: of each side that the border takes, above 0 and below 0.5.

    Raises:
        ValueError: for a fraction that is not above 0 and below 0.5.

    Example:
        >>> int(metrics.border_mask(10, 10, 0.1).sum())
        36
    """
    mask = np.ones((height, width), bool)
    rows, columns = _widths(height, width, fraction)
    mask[rows : height - rows, columns : width - columns] = False
    return mask


def corner_masks(height: int, width: int, fraction: float = WIDTH) -> dict[str, np.ndarray]:
    """The four corners of the border by name, each `(height, width)` booleans.

    Args:
        height: of the map, in pixels.
        width: of the map, in pixels.
        fraction: as for `border_mask`.

    Raises:
        ValueError: as `border_mask`.

    Example:
        >>> masks = metrics.corner_masks(10, 10, 0.1)
        >>> {name: int(mask.sum()) for name, mask in masks.items()}
        {'top_left': 1, 'top_right': 1, 'bottom_left': 1, 'bottom_right': 1}
    """
    rows, columns = _widths(height, width, fraction)
    top, left = np.arange(height) < rows, np.arange(width) < columns
    vertical = {"top": top, "bottom": top[::-1]}
    horizontal = {"left": left, "right": left[::-1]}
    return {
        f"{edge}_{side}": v[:, None] & h[None]
        for edge, v in vertical.items()
        for side, h in horizontal.items()
    }


def _widths(height: int, width: int, fraction: float) -> tuple[int, int]:
    if not 0 < fraction < 0.5:
        raise ValueError(f"Expected a width above 0 and below 0.5 of a side. Received: width={fraction!r}")
    return max(1, round(fraction * height)), max(1, round(fraction * width))
